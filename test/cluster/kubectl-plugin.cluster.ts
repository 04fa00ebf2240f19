// `kubectl ppo` as a user calls it: the real kubectl finds it on the PATH, a real API server answers. The pods of the job say
// what a script says, and their logs come by way of the API server from a kubelet's stand-in.

import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:http';
import { networkInterfaces } from 'node:os';
import { describe, it } from 'node:test';
import { LABELS, ROLE_NAMES } from '../../operator/api/names.ts';
import type { PPOJobStatus } from '../../operator/api/ppojob.ts';
import { PODS } from '../../operator/cluster/cluster.ts';
import type { Pod } from '../../operator/cluster/objects.ts';
import { PPO_JOBS } from '../../operator/reconcile/ppojob-kind.ts';
import { buildJob } from '../operator/reconcile/fixtures.ts';
import { ensureBinaries } from './binaries.ts';
import { startOwnEnvironment } from './environment.ts';
import { JobWorld, until } from './job-world.ts';
import { KubeletLogs } from './kubelet-logs.ts';
import { TestNode } from './nodes.ts';
import { ended, PlayedKubelet, type PodScript, RUNNING } from './played-kubelet.ts';
import { KubectlWithPlugin } from './plugin.ts';
import type { CommandResult } from './run-command.ts';
import { CONTROL_PLANE, KUBERNETES_VERSION } from './versions.ts';

const WRITER = { fieldManager: 'test' };

const environment = await startOwnEnvironment();
const { cluster, plane } = environment;
const kubectl = new KubectlWithPlugin(await ensureBinaries(CONTROL_PLANE), plane.kubeconfig);
const call = kubectl.call.bind(kubectl);
const logs = await KubeletLogs.start(plane.network.hostAddress);
const node = await TestNode.start({
  ...{ cluster, network: plane.network, name: 'node-a', logsPort: logs.port, processes: null },
});

environment.beforeClose(async () => {
  await node.stop(0);
  await logs.close();
  kubectl.dispose();
});

interface Scene {
  readonly world: JobWorld;
  /** `kubectl ppo ARGS -n NAMESPACE`. */
  readonly ppo: (...args: string[]) => Promise<CommandResult>;
  readonly write: (pod: string, text: string, time?: string) => void;
}

const roleOf = (pod: Pod): string => pod.metadata.labels?.[LABELS.role] ?? '';

/** A running job "tiny" with an operator. */
async function withJob(script: PodScript, body: (scene: Scene) => Promise<void>): Promise<void> {
  const world = new JobWorld(cluster, await environment.newNamespace());
  const { namespace } = world;
  const kubelet = new PlayedKubelet({ cluster, script, namespace });
  world.startOperator();
  try {
    await world.createJob('tiny');
    const ppo: Scene['ppo'] = (...args) => call('ppo', ...args, '-n', namespace);
    await body({ world, ppo, write: (pod, text, time) => logs.write(`${namespace}/${pod}/worker`, text, time) });
  } finally {
    await world.stopOperator();
    await kubelet.stop();
  }
}

function entry(msg: string, fields: Record<string, unknown> = {}): string {
  return JSON.stringify({ level: 'info', job: 'tiny', msg, ...fields });
}

describe('kubectl ppo', { concurrency: 2 }, () => {
  it('shows, follows, suspends, resumes and scales a running job', async () => {
    await withJob(
      () => RUNNING,
      async ({ world, ppo, write }) => {
        await world.untilCondition('tiny', 'Running');

        for (const [i, score] of [1, 2, 4].entries()) {
          write('tiny-coordinator-0', entry('iterated', { iteration: i + 1, score, kl: 0.1 }));
        }
        const status = await ppo('status', 'tiny');
        assert.equal(status.code, 0, status.stderr);
        assert.match(status.stdout, /^tiny {2}Running/);
        assert.match(status.stdout, /score +4\.000 +▁▃█/);
        assert.match(status.stdout, /generation {3}● tiny-generation-0 {2}Ready {2}on node-a/);
        assert.match(status.stdout, /PodsReady: 7 of 7 pods are ready/);
        assert.match((await ppo('status')).stdout, /^NAME +STATUS[^\n]*\ntiny +Running .* 7\/7 /);

        const suspended = await ppo('suspend', 'tiny');
        assert.match(suspended.stdout, /^ppojob\/tiny suspended; .*it has no checkpoint/, suspended.stderr);
        await world.untilCondition('tiny', 'Suspended');
        assert.match((await ppo('status', 'tiny')).stdout, /tiny {2}Suspended.*kubectl ppo resume tiny/s);
        assert.equal((await ppo('resume', 'ppojob/tiny')).stdout, 'ppojob/tiny resumed\n');
        await world.untilCondition('tiny', 'Running');

        const scaled = await ppo('scale', 'tiny', '--generation', '3');
        assert.match(scaled.stdout, /^ppojob\/tiny scaled: generation pods 3, from 2\n/, scaled.stderr);
        await until('a third generation pod', async () => {
          const names = (await world.pods('tiny')).map(({ metadata }) => metadata.name);
          return names.includes('tiny-generation-2') ? null : names;
        });
        assert.match((await ppo('explain-failure', 'tiny')).stdout, /^PPOJob tiny (is well|waits)/);
      },
    );
  });

  it('merges the logs of all pods, and follows them until told to stop', async () => {
    await withJob(
      () => RUNNING,
      async ({ world, ppo, write }) => {
        await world.untilCondition('tiny', 'Running');
        write('tiny-actor-0', entry('second', { rank: 0, iteration: 7 }), '2026-01-01T00:00:02.000000000Z');
        write('tiny-coordinator-0', entry('first'), '2026-01-01T00:00:01.000000000Z');
        write('tiny-actor-0', 'no JSON', '2026-01-01T00:00:03.000000000Z');
        assert.equal(
          (await ppo('logs', 'tiny')).stdout,
          `00:00:01.000 INFO  tiny-coordinator-0 first
00:00:02.000 INFO  tiny-actor-0 second  iteration=7
00:00:03.000       tiny-actor-0 no JSON
`,
        );
        const json = (await ppo('logs', 'tiny', '--role', 'actor', '-o', 'json', '--tail', '1')).stdout;
        assert.deepEqual(Object.keys(JSON.parse(json)), ['time', 'pod', 'container', 'msg']);

        const args = ['ppo', 'logs', 'tiny', '-f', '--role', 'reward', '-n', world.namespace];
        const following = kubectl.spawn(...args);
        let heard = '';
        following.stdout.on('data', (data: Buffer) => {
          heard += data;
        });
        let count = 0;
        await until('a line that is written now is heard', async () => {
          write('tiny-reward-0', entry(`news ${count++}`));
          return /INFO {2}tiny-reward-0 news/.test(heard) ? null : heard;
        });
        assert.equal(await interrupt(following), 130);
      },
    );
  });

  it('explains a failure, with the last words and what to do', async () => {
    const hopeless: PodScript = (pod, ageMs) =>
      roleOf(pod) === 'reward' && ageMs > 1000 ? ended(78, 'kept') : RUNNING;
    await withJob(hopeless, async ({ world, ppo, write }) => {
      write('tiny-reward-0', entry('the reward model has no head', { level: 'fatal' }));
      await world.untilCondition('tiny', 'Failed');
      const { stdout, stderr, code } = await ppo('explain-failure', 'tiny');
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^PPOJob tiny failed: HopelessConfiguration\n/);
      assert.match(stdout, /exit code {2}78: its configuration, model or data is unusable/);
      assert.match(stdout, /last words of tiny-reward-0\n {2}the reward model has no head\n/);
      assert.match(stdout, /what to do\n {2}1\. fix what its last words name/);
      const refused = await ppo('scale', 'tiny', '--generation', '3');
      assert.deepEqual([refused.code, refused.stderr], [1, "ppojob/tiny has failed and can't be scaled any more\n"]);
      assert.equal((await ppo('status', 'tiny', '-w')).code, 1);
    });
  });

  it('measures pods by way of the API server, and names what it can not have', async () => {
    const address = Object.values(networkInterfaces())
      .flatMap((found) => found ?? [])
      .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
    const namespace = await environment.newNamespace();
    let tokens = 0;
    const server = createServer((_, response) => {
      tokens += 1000;
      response.end(`vllm:generation_tokens_total ${tokens}\nvllm:num_requests_waiting 4\n`);
    });
    await new Promise<void>((resolve) => server.listen(0, address ?? '127.0.0.1', resolve));
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    // The API server reaches no pod on a loopback address: it would be its own machine.
    const script: PodScript = () => ({ ...RUNNING, podIP: address ?? '127.0.0.1' });
    const kubelet = new PlayedKubelet({ cluster, namespace, script });
    try {
      await createMeasuredJob(namespace, port);
      await until('the pod runs', async () => {
        const { status } = await cluster.get(PODS, { namespace, name: 'tiny-generation-0' });
        return status?.phase === 'Running' ? null : status;
      });
      const { stdout, stderr } = await call('ppo', 'top', 'tiny', '-n', namespace);
      assert.match(stderr, /the cluster has no metrics server/);
      if (address === undefined) assert.match(stderr, /tiny-generation-0: its metrics can't be had/);
      else assert.match(stdout, /\ntiny-generation-0 +generation +- +- +[1-9]\d* +- +4 /, stderr);
    } finally {
      await kubelet.stop();
      server.closeAllConnections();
      server.close();
    }
  });

  it('asks on behalf of others, each with no more than their rights', async () => {
    const namespace = await environment.newNamespace();
    const binding = ['rolebinding', 'team', '--clusterrole=cluster-admin', '--group=team', '-n', namespace];
    const bound = await call('create', ...binding);
    assert.equal(bound.code, 0, bound.stderr);
    const list = (...flags: string[]) => call('ppo', 'status', '-n', namespace, '--as', 'jane', ...flags);
    const refused = await list('--as-group', 'other');
    assert.match(refused.stderr, /^the cluster does not let you: .*User "jane" cannot list/);
    assert.equal(refused.code, 1);
    await until("the group's rights count", async () => {
      const { code, stderr } = await list('--as-group', 'other', '--as-group', 'team', '--request-timeout', '20s');
      return code === 0 ? null : stderr;
    });
  });

  it('completes words, tells versions, and says in a sentence what is wrong', async () => {
    const namespace = await environment.newNamespace();
    const job = buildJob();
    await cluster.create(PPO_JOBS, { ...job, metadata: { name: 'arithmetic', namespace } }, WRITER);
    const completed = await call('__complete', 'ppo', 'status', '-n', namespace, 'ari');
    assert.match(completed.stdout, /^arithmetic$/m, completed.stderr);
    const version = (await call('ppo', 'version')).stdout;
    assert.match(version, /^plugin +\d+\.\d+\.\d+, PPOJob/);
    assert.ok(version.includes(`kubernetes  v${KUBERNETES_VERSION}`), version);
    const cases: [string[], number, RegExp][] = [
      [['status', 'arithmetik', '-n', namespace], 1, /^there is no PPOJob "arithmetik" .*did you mean arithmetic\?\n$/],
      [['logs', '-n', namespace], 2, /^logs needs the name of a PPOJob\nsee kubectl ppo logs --help\n$/],
      [['logs', 'arithmetic', '-n', namespace], 1, /^PPOJob arithmetic has no pods/],
      [['status', '--cluster', 'nowhere'], 1, /^the kubeconfig can't be used: .*no cluster "nowhere"; it has: /],
      [['status', '-s', 'https://127.0.0.1:1'], 1, /^the API server does not answer: .*ECONNREFUSED 127\.0\.0\.1:1\n/],
      [['status', '--context', 'nowhere'], 1, /^the kubeconfig can't be used: .*"nowhere"/],
      [['status', '--kubeconfig', '/nowhere'], 1, /^the kubeconfig can't be used: .*\/nowhere/],
    ];
    for (const [args, code, pattern] of cases) {
      const found = await call('ppo', ...args);
      assert.match(found.stderr, pattern);
      assert.equal(found.code, code, found.stderr);
    }
  });
});

/** As Ctrl-C in a terminal: everybody of the group hears it once; here kubectl has become the launcher. */
async function interrupt(child: ChildProcess): Promise<number | null> {
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  child.kill('SIGTERM');
  return exited;
}

/** A job that no operator looks after, and its only pod. */
async function createMeasuredJob(namespace: string, metricsPort: number): Promise<void> {
  const job = await cluster.create(PPO_JOBS, { ...buildJob(), metadata: { name: 'tiny', namespace } }, WRITER);
  const roles = Object.fromEntries(ROLE_NAMES.map((role) => [role, { desired: 1, ready: 1, restarts: 0 }]));
  const status: PPOJobStatus = { observedGeneration: 1, roles };
  await cluster.updateStatus(PPO_JOBS, { ...job, status }, WRITER);
  const labels = { [LABELS.job]: 'tiny', [LABELS.role]: 'generation', [LABELS.index]: '0' };
  const ports = [{ name: 'metrics', containerPort: metricsPort }];
  const pod: Pod = {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name: 'tiny-generation-0', labels } },
    spec: { containers: [{ name: 'worker', image: 'i', ports }] },
  };
  await cluster.create(PODS, pod, WRITER);
}
