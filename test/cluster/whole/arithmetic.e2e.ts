// The arithmetic example on a whole cluster, for people who have only kubectl: real containers, DNS names, probes, admission,
// and the operator with its own rights alone.

import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, it } from 'node:test';
import type { FiguresView, JobDetail, Overview } from '../../../operator/page/page-api.ts';
import { ensureBinaries } from '../binaries.ts';
import { ExampleJob, NAME, type Spec, shorten } from '../example.ts';
import { trainsFromApplyToWait } from '../example-bodies.ts';
import { succeed } from '../kubectl.ts';
import { KubectlWithPlugin } from '../plugin.ts';
import { ForwardedPage } from './forwarded-page.ts';
import { Installation, OPERATOR_NAMESPACE } from './installation.ts';
import { claimFolder } from './shared-volume.ts';

const installation = await Installation.start();
const plugin = new KubectlWithPlugin(await ensureBinaries(['kubectl']), installation.kubeconfig);
after(async () => {
  plugin.dispose();
  await installation.stop();
});

/** What `kubectl ppo` prints, which must not fail. */
function ppo({ namespace }: ExampleJob, ...args: readonly string[]): Promise<string> {
  return succeed(plugin.call.bind(plugin), 'ppo', ...args, '--namespace', namespace);
}

/** The example with fewer iterations. */
function applyShort(numIterations: number): Promise<ExampleJob> {
  return ExampleJob.apply(installation, (spec) => shorten(spec, numIterations));
}

trainsFromApplyToWait(installation, async (job) => {
  assert.match(await succeed(job.kubectl, 'logs', 'arithmetic-coordinator-0'), /"level":"info"/);
});

it('goes on when a generation container is killed', async () => {
  const job = await applyShort(12);
  await job.waitFor('Running');
  await job.until('an iteration is done', async () => ((await job.status()).progress?.iteration ? null : 'not yet'));
  await installation.kill(job.namespace, 'arithmetic-generation-1');
  await job.waitFor('Succeeded');
  const { roles, restarts = 0, progress } = await job.status();
  assert.equal(progress?.iteration, 12);
  // Elsewhere the whole pod is deleted, which is no fault.
  const expected = installation.own === null ? 0 : 1;
  assert.deepEqual([roles?.generation?.restarts ?? 0, restarts], [expected, expected]);
});

it('goes on when a pod is evicted, and blames nobody', async () => {
  const job = await applyShort(12);
  await job.waitFor('Running');
  await job.until('an iteration is done', async () => ((await job.status()).progress?.iteration ? null : 'not yet'));
  await installation.evict(job.namespace, 'arithmetic-reference-0');
  await job.waitFor('Succeeded');
  const { roles, restarts = 0, infrastructureRestarts, progress } = await job.status();
  assert.equal(progress?.iteration, 12);
  assert.equal(roles?.reference?.infrastructureRestarts, 1);
  assert.deepEqual({ restarts, infrastructureRestarts }, { restarts: 0, infrastructureRestarts: 1 });
});

it('keeps its checkpoints on a volume of its pods: suspended, and resumed where it was', async (context) => {
  const { own } = installation;
  if (own === null) return context.skip('the volume lies on this machine');
  const namespace = await installation.newNamespace();
  const folder = join(own.directory, 'volumes', namespace);
  await claimFolder(await installation.kubectl(namespace), 'results', folder);
  const volume = { name: 'results', persistentVolumeClaim: { claimName: 'results' } };
  const change = (spec: Spec): Spec => ({
    ...shorten(spec, 12),
    checkpoint: { everyIterations: 2, keep: 2 },
    podTemplate: { volumes: [volume], volumeMounts: [{ name: 'results', mountPath: '/output' }] },
  });
  const job = await ExampleJob.apply(installation, change, namespace);
  const suspend = (value: boolean) =>
    succeed(job.kubectl, 'patch', 'ppojob', NAME, '--type=merge', '-p', JSON.stringify({ spec: { suspend: value } }));
  const lastCheckpoint = async () => (await job.status()).progress?.lastCheckpointIteration ?? 0;
  await job.until('a checkpoint', async () => ((await lastCheckpoint()) > 0 ? null : 'none'));
  await suspend(true);
  await job.waitFor('Suspended');
  await job.until('no pods', async () => {
    const names = await job.podNames();
    return names.length === 0 ? null : names;
  });
  await suspend(false);
  await job.waitFor('Succeeded');
  assert.match(await succeed(job.kubectl, 'logs', 'arithmetic-coordinator-0'), /resumed from a checkpoint/);
  assert.deepEqual(readdirSync(join(folder, 'arithmetic', 'checkpoints')).sort(), [
    'iteration-000010',
    'iteration-000012',
  ]);
  assert.ok(existsSync(join(folder, 'arithmetic', 'actor', 'model.safetensors')));
  await succeed(job.kubectl, 'delete', 'ppojob', NAME, '--cascade=foreground', '--timeout=120s');
  const kinds = 'pods,services,configmaps,secrets,networkpolicies';
  const query = ['get', kinds, '--selector', `rlhf.dev/job=${NAME}`, '-o', 'name'];
  assert.equal(await succeed(job.kubectl, ...query), '');
});

it('shows itself on the page and to kubectl ppo while it runs, and is deleted', async () => {
  const job = await applyShort(5000);
  await job.waitFor('Running');
  await assertOnPage(job);
  const status = await ppo(job, 'status', NAME);
  assert.match(status, /^arithmetic {2}Running/);
  assert.match(status, /iteration \d+ of 5000/);
  assert.match(status, /generation +● arithmetic-generation-0 {2}Ready {2}on \S+ {2}● communicator\n/);
  assert.match(status, /PodsReady: 7 of 7 pods are ready/);
  assert.match(await ppo(job, 'status'), /^NAME +STATUS[^\n]*\narithmetic +Running .* 7\/7 /);
  const [line = '', ...others] = (await ppo(job, 'logs', NAME, '--role', 'actor', '--tail', '1')).trimEnd().split('\n');
  assert.match(line, /^\d\d:\d\d:\d\d\.\d{3} INFO {2}arithmetic-actor-0 /);
  assert.deepEqual(others, []);
  assert.match(await ppo(job, 'top', NAME), /\narithmetic-generation-1 +generation( +\S+){5}/);
  assert.match(await ppo(job, 'explain-failure', NAME), /^PPOJob arithmetic is well\n/);
  await succeed(job.kubectl, 'delete', 'ppojob', NAME, '--cascade=foreground', '--timeout=120s');
  assert.deepEqual(await job.podNames(), []);
});

/** By `kubectl port-forward`: the running job with its curve, and nothing that isn't the page's. */
async function assertOnPage(job: ExampleJob): Promise<void> {
  const page = await ForwardedPage.open(plugin);
  try {
    const { status, type, body } = await page.ask('/');
    assert.deepEqual([status, type], [200, 'text/html; charset=utf-8']);
    assert.match(body, /<title>PPO jobs<\/title>/);
    assert.equal((await page.ask('/main.js')).type, 'text/javascript; charset=utf-8');
    const told = async <T>(path: string): Promise<T> => JSON.parse((await page.ask(path)).body) as T;
    await job.until('it is listed, with how far it is', async () => {
      const { host, jobs } = await told<Overview>('/api/jobs');
      assert.deepEqual([host.mode, host.namespace], ['leading', OPERATOR_NAMESPACE]);
      const { name, condition, numIterations } = jobs.find(({ namespace }) => namespace === job.namespace) ?? {};
      return name === NAME && condition?.type === 'Running' && numIterations === 5000 ? null : jobs;
    });
    const path = `/api/jobs/${job.namespace}/${NAME}`;
    await job.until('its pods and events', async () => {
      const { roles, events } = await told<JobDetail>(path);
      const states = roles.flatMap(({ pods }) => pods).map(({ state }) => state);
      const isTold = events.some(({ reason }) => reason === 'PodsReady');
      return states.join() === Array(7).fill('Ready').join() && isTold ? null : { states, events };
    });
    await job.until('a curve of two points', async () => {
      const { series } = await told<FiguresView>(`${path}/figures`);
      const score = series.find(({ name }) => name === 'rollout/score');
      return (score?.values.length ?? 0) >= 2 ? null : series;
    });
    for (const other of ['/metrics', '/..%2fpackage.json', '/../server.ts', `/api/jobs/${job.namespace}/none`]) {
      assert.equal((await page.ask(other)).status, 404, other);
    }
    const foreign = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' };
    assert.equal((await page.ask('/api/jobs', foreign)).status, 403);
    assert.equal((await page.ask('/api/jobs', { host: 'page.example.com' })).status, 421);
  } finally {
    await page.close();
  }
}

it('says that it failed for want of memory', async () => {
  const job = await ExampleJob.apply(installation, (spec) => {
    // Less than Node needs to load the worker.
    const resources = { limits: { memory: '32Mi' } };
    return {
      ...shorten(spec, 4),
      roles: { ...spec.roles, reward: { ...spec.roles?.reward, maxRestarts: 0, resources } },
    };
  });
  await job.waitFor('Failed');
  let report = '';
  await job.until('its event', async () => {
    report = await ppo(job, 'explain-failure', NAME);
    return /\n {2}\d+s ago +Warning {2}RestartLimitReached {2}/.test(report) ? null : report;
  });
  assert.match(report, /^PPOJob arithmetic failed: RestartLimitReached\n/);
  assert.match(report, /\nwhy +pod arithmetic-reward-0 failed with exit code 137: OOMKilled/);
  assert.match(report, /\nexit code +137: killed for want of memory/);
  assert.match(report, /\nwhat to do\n {2}1\. raise spec\.roles\.reward\.resources\.limits\.memory/);
});

it('the operator may do what it must, and nothing else', async () => {
  const kubectl = await installation.kubectl('default');
  const user = `--as=system:serviceaccount:${OPERATOR_NAMESPACE}:ppo-operator`;
  const mayI = async (...what: string[]): Promise<string> =>
    (await kubectl('auth', 'can-i', ...what, user)).stdout.trim();
  assert.equal(await mayI('create', 'pods'), 'yes');
  for (const what of [
    ['get', 'nodes'],
    ['create', 'pods', '--subresource=exec'],
    ['delete', 'namespaces'],
    ['create', 'clusterroles'],
  ]) {
    assert.equal(await mayI(...what), 'no', what.join(' '));
  }
  const logs = await succeed(await installation.kubectl(OPERATOR_NAMESPACE), 'logs', 'deployment/ppo-operator');
  assert.doesNotMatch(logs, /forbidden/i);
});
