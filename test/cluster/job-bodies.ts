// What the operator promises of a job's life, as tests that run on any cluster: in memory, or a real API server with its
// garbage collector and scheduler. Pods say what a script says. It knows no implementation of clusters.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { LABELS } from '../../operator/api/names.ts';
import { CONFIG_MAPS, PODS, SERVICES } from '../../operator/cluster/cluster.ts';
import type { Pod, Stored } from '../../operator/cluster/objects.ts';
import { PPO_JOBS } from '../../operator/reconcile/ppojob-kind.ts';
import { overrideCluster } from '../operator/cluster/fixtures.ts';
import { JobWorld, until } from './job-world.ts';
import { ended, PlayedKubelet, type PodScript, RUNNING } from './played-kubelet.ts';
import type { Stage } from './stage.ts';

const NUM_PODS = 7;
const RUNS: PodScript = () => RUNNING;

type InWorld = (script: PodScript, body: (world: JobWorld) => Promise<void>) => Promise<void>;

export function describeJobs(title: string, stage: Stage): void {
  const inWorld: InWorld = (script, body) => runInWorld(stage, script, body);
  describe(title, () => {
    describe('the end', { concurrency: true }, () => describeEnds(inWorld));
    describe('changes', { concurrency: true }, () => describeChanges(inWorld));
    describe('children', { concurrency: true }, () => describeChildren(inWorld));
  });
}

/** A world with an operator and a scripted kubelet while `body` runs. */
async function runInWorld(stage: Stage, script: PodScript, body: (world: JobWorld) => Promise<void>): Promise<void> {
  const { cluster, hasScheduler } = stage;
  const world = new JobWorld(cluster, await stage.newNamespace());
  const kubelet = new PlayedKubelet({ cluster, script, hasScheduler, namespace: world.namespace });
  world.startOperator();
  try {
    await body(world);
    assert.deepEqual(kubelet.errors, []);
  } finally {
    await world.stopOperator();
    await kubelet.stop();
  }
}

const roleOf = (pod: Pod): string => pod.metadata.labels?.[LABELS.role] ?? '';

const liveNames = (pods: readonly Stored<Pod>[]): string[] =>
  pods.filter((pod) => pod.metadata.deletionTimestamp === undefined).map((pod) => pod.metadata.name);

async function untilNumPods(world: JobWorld, name: string, count: number): Promise<void> {
  await until(`${count} pods of ${name}`, async () => {
    const names = liveNames(await world.pods(name));
    return names.length === count ? null : names;
  });
}

function describeEnds(inWorld: InWorld): void {
  it('runs to its end, tells its story, and leaves only what has ended by itself', async () => {
    let mayFinish = false;
    const goesWell: PodScript = (pod) => (roleOf(pod) === 'coordinator' && mayFinish ? ended(0) : RUNNING);
    await inWorld(goesWell, async (world) => {
      await world.createJob('tiny');
      await world.untilCondition('tiny', 'Running');
      const running = await world.status('tiny');
      assert.deepEqual(running.roles?.generation, { desired: 2, ready: 2, restarts: 0 });
      mayFinish = true;
      await world.untilCondition('tiny', 'Succeeded');
      await until('the workers are gone', async () => {
        const pods = (await world.pods('tiny')).map(({ metadata, status }) => `${metadata.name} ${status?.phase}`);
        return pods.length === 1 && pods[0] === 'tiny-coordinator-0 Succeeded' ? null : pods;
      });
      const status = await world.status('tiny');
      assert.equal(status.observedGeneration, 1);
      assert.ok(status.startTime !== undefined && status.completionTime !== undefined);
      await until('events', async () => {
        const events = await world.events('tiny');
        const isTold = ['Normal PodsCreated', 'Normal PodsReady', 'Normal Finished'].every((e) => events.includes(e));
        return isTold ? null : events;
      });
      assert.deepEqual(world.errors, []);
    });
  });

  it('replaces a pod that fails, counts that once, and gives up when the limit is reached', async () => {
    const failing: PodScript = (pod, ageMs) =>
      roleOf(pod) === 'generation' && pod.metadata.name.endsWith('-1') && ageMs > 200
        ? ended(1, 'out of luck')
        : RUNNING;
    await inWorld(failing, async (world) => {
      await world.createJob('tiny');
      await world.untilCondition('tiny', 'Failed');
      const { conditions, roles, lastFailure } = await world.status('tiny');
      const failed = conditions?.find(({ type }) => type === 'Failed');
      assert.equal(failed?.reason, 'RestartLimitReached');
      assert.match(failed?.message ?? '', /tiny-generation-1.*out of luck/s);
      assert.equal(roles?.generation?.restarts, 2); // as many as allowed; the third failure was the end
      assert.equal(lastFailure?.exitCode, 1);
      const isOver = (pods: readonly Stored<Pod>[]): boolean => pods.every((pod) => pod.status?.phase === 'Failed');
      await until('only failed pods are left', async () => {
        const pods = await world.pods('tiny');
        return isOver(pods) ? null : liveNames(pods);
      });
    });
  });

  it('ends at once when a pod says that it is hopeless', async () => {
    const hopeless: PodScript = (pod) =>
      roleOf(pod) === 'reward' ? ended(78, 'the reward model has no head') : RUNNING;
    await inWorld(hopeless, async (world) => {
      await world.createJob('tiny');
      await world.untilCondition('tiny', 'Failed');
      const failed = (await world.status('tiny')).conditions?.find(({ type }) => type === 'Failed');
      assert.equal(failed?.reason, 'HopelessConfiguration');
      assert.match(failed?.message ?? '', /the reward model has no head/);
    });
  });
}

function describeChanges(inWorld: InWorld): void {
  it('is suspended and resumed', async () => {
    await inWorld(RUNS, async (world) => {
      await world.createJob('tiny');
      await world.untilCondition('tiny', 'Running');
      await world.changeSpec('tiny', { suspend: true });
      await world.untilCondition('tiny', 'Suspended');
      assert.deepEqual(await world.pods('tiny'), []);
      await world.changeSpec('tiny', { suspend: false });
      await world.untilCondition('tiny', 'Suspended', 'False');
      await world.untilCondition('tiny', 'Running');
      await untilNumPods(world, 'tiny', NUM_PODS);
    });
  });

  it('scales generation while it runs', async () => {
    await inWorld(RUNS, async (world) => {
      await world.createJob('tiny');
      await world.untilCondition('tiny', 'Running');
      const { roles } = (await world.job('tiny')).spec as { roles: Record<string, Record<string, unknown>> };
      await world.changeSpec('tiny', { roles: { ...roles, generation: { ...roles.generation, replicas: 4 } } });
      await untilNumPods(world, 'tiny', NUM_PODS + 2);
      await world.changeSpec('tiny', { roles: { ...roles, generation: { ...roles.generation, replicas: 1 } } });
      await untilNumPods(world, 'tiny', NUM_PODS - 1);
    });
  });

  it('writes nothing while nothing happens', async () => {
    await inWorld(RUNS, async (world) => {
      await world.createJob('tiny');
      await world.untilCondition('tiny', 'Running');
      await world.stopOperator();
      const writes: string[] = [];
      const write = <R>(name: string, kind: { readonly kind: string }, run: () => R): R => {
        writes.push(`${name} ${kind.kind}`);
        return run();
      };
      const { cluster } = world;
      const observed = overrideCluster(cluster, {
        create: (kind, ...rest) => write('create', kind, () => cluster.create(kind, ...rest)),
        apply: (kind, ...rest) => write('apply', kind, () => cluster.apply(kind, ...rest)),
        update: (kind, ...rest) => write('update', kind, () => cluster.update(kind, ...rest)),
        updateStatus: (kind, ...rest) => write('updateStatus', kind, () => cluster.updateStatus(kind, ...rest)),
        delete: (kind, ...rest) => write('delete', kind, () => cluster.delete(kind, ...rest)),
      });
      world.startOperator(observed); // a new operator looks at everything again
      await delay(2000);
      assert.deepEqual(writes, []);
    });
  });
}

function describeChildren(inWorld: InWorld): void {
  for (const propagation of ['Background', 'Foreground'] as const) {
    it(`leaves nothing behind when it is deleted (${propagation})`, async () => {
      await inWorld(RUNS, async (world) => {
        await world.createJob('tiny');
        await untilNumPods(world, 'tiny', NUM_PODS);
        await world.cluster.delete(PPO_JOBS, { namespace: world.namespace, name: 'tiny' }, { propagation });
        await until('everything is gone', async () => {
          const options = { namespace: world.namespace, labels: { [LABELS.job]: 'tiny' } };
          const lists = await Promise.all(
            [PODS, SERVICES, CONFIG_MAPS].map((kind) => world.cluster.list(kind, options)),
          );
          const left = lists.flatMap(({ items }) => items.map((item) => item.metadata.name));
          return left.length === 0 && (await world.isGone('tiny')) ? null : left;
        });
        assert.deepEqual(world.errors, []);
      });
    });
  }

  it('may be created again under its name while the pods of its predecessor still stop', async () => {
    await inWorld(RUNS, async (world) => {
      const first = await world.createJob('tiny');
      await untilNumPods(world, 'tiny', NUM_PODS);
      await world.cluster.delete(PPO_JOBS, first.metadata, {});
      const second = await world.createJob('tiny');
      await world.untilCondition('tiny', 'Running');
      for (const pod of await world.pods('tiny')) {
        assert.equal(pod.metadata.ownerReferences?.[0]?.uid, second.metadata.uid);
      }
      assert.deepEqual(world.errors, []);
    });
  });

  it('brings back a child that somebody deletes or edits', async () => {
    await inWorld(RUNS, async (world) => {
      await world.createJob('tiny');
      await world.untilCondition('tiny', 'Running');
      const config = { namespace: world.namespace, name: 'tiny-config' };
      const before = await world.cluster.get(CONFIG_MAPS, config);
      await world.cluster.update(CONFIG_MAPS, { ...before, data: { 'job.json': '{}' } }, { fieldManager: 'somebody' });
      await until('the config is as planned', async () => {
        const { data } = await world.cluster.get(CONFIG_MAPS, config);
        return JSON.stringify(data) === JSON.stringify(before.data) ? null : data;
      });
      await world.cluster.delete(SERVICES, { namespace: world.namespace, name: 'tiny-coordinator' });
      await world.cluster.delete(PODS, { namespace: world.namespace, name: 'tiny-actor-0' });
      await untilNumPods(world, 'tiny', NUM_PODS);
      await until('the service is back', async () => {
        const { items } = await world.cluster.list(SERVICES, { namespace: world.namespace });
        return items.length === 2 ? null : items.map((item) => item.metadata.name);
      });
    });
  });
}
