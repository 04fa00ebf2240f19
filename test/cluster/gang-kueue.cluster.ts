// Jobs in the queues of a real Kueue, as plain pod groups: its webhook gates and holds their pods, its quota admits them as a
// whole, and the cluster's own scheduler places them. Left out where nobody has built it.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { JsonObject } from '../../operator/cluster/json.ts';
import type { KubernetesObject, Stored } from '../../operator/cluster/objects.ts';
import { isControlledBy } from '../../operator/reconcile/observe.ts';
import { PPO_JOBS } from '../../operator/reconcile/ppojob-kind.ts';
import type { OwnEnvironment } from './environment.ts';
import {
  GangStage,
  isPlaced,
  livePods,
  numPlaced,
  RUNS,
  rolesOf,
  SETTLED_MS,
  untilPlaced,
  untilReplaced,
} from './gang-stage.ts';
import { type JobWorld, until } from './job-world.ts';
import { addQueue, create, startKueue } from './kueue.ts';
import { ended, type PodScript, RUNNING } from './played-kubelet.ts';
import { findSchedulers } from './schedulers.ts';

const { programs, skip } = await findSchedulers(['kueue']);
const QUEUE = 'team-a';

describe('jobs in queues of Kueue', { skip, concurrency: 3 }, () => {
  let environment: OwnEnvironment;
  before(async () => {
    environment = await startKueue(programs);
  });
  after(() => environment?.close());

  /** A world with a queue for six devices, of which there are more. */
  async function inQueue(resource: string, script: PodScript, body: (world: JobWorld) => Promise<void>): Promise<void> {
    const stage = new GangStage(environment);
    await stage.addNodes(2, { resource, each: 6 });
    await stage.inWorld(script, async (world) => {
      const { namespace } = world;
      await addQueue(environment.cluster.transport, { namespace, name: QUEUE, resource, quota: 6 });
      await body(world);
    });
  }

  /** Names of the jobs whose groups Kueue knows. */
  async function workloads({ namespace }: JobWorld): Promise<string[]> {
    const path = `/apis/kueue.x-k8s.io/v1beta2/namespaces/${namespace}/workloads`;
    const subject = { title: path, name: null };
    const { items } = await environment.cluster.transport.request({ method: 'GET', path, subject });
    return (items as JsonObject[]).map(({ metadata }) =>
      String((metadata as JsonObject).name).replace(/-[0-9a-f]{8}$/, ''),
    );
  }

  const untilWorkloads = (world: JobWorld, names: readonly string[]): Promise<void> =>
    until(`the workloads are [${names}]`, async () => {
      const found = await workloads(world);
      return found.sort().toString() === names.toString() ? null : found;
    });

  const spec = (resource: string, generation: number, least = generation) => ({
    roles: rolesOf(resource, generation),
    scheduling: { gang: 'Kueue', queue: QUEUE, minGenerationReplicas: least },
  });

  it('are admitted as a whole or wait, and the next one comes when the first has ended', async () => {
    const finished = new Set<string>();
    const script: PodScript = ({ metadata }) => (finished.has(metadata.name) ? ended(0) : RUNNING);
    await inQueue('admitted.test/gpu', script, async (world) => {
      await world.createJob('one', spec('admitted.test/gpu', 2));
      await untilPlaced(world, 'one', 7);
      await world.createJob('two', spec('admitted.test/gpu', 2));
      await until('the one that waits says for what', async () => {
        const scheduled = (await world.status('two')).conditions?.find(({ type }) => type === 'Scheduled');
        const isTold = /waits in Kueue's queue team-a: .*insufficient unused quota/.test(scheduled?.message ?? '');
        return scheduled?.reason === 'PodsWaiting' && isTold ? null : scheduled;
      });
      await delay(SETTLED_MS);
      assert.equal(await numPlaced(world, 'two'), 0);
      finished.add('one-coordinator-0');
      await world.untilCondition('one', 'Succeeded');
      await untilPlaced(world, 'two', 7);
      assert.deepEqual(
        (await livePods(world, 'one')).map(({ metadata }) => metadata.name),
        ['one-coordinator-0'],
      );
    });
  });

  it('give their quota back while they are suspended, and wait for it again', async () => {
    await inQueue('suspended.test/gpu', RUNS, async (world) => {
      await world.createJob('one', spec('suspended.test/gpu', 2));
      await untilPlaced(world, 'one', 7);
      await world.createJob('two', spec('suspended.test/gpu', 2));
      await world.changeSpec('one', { suspend: true });
      await world.untilCondition('one', 'Suspended');
      await untilPlaced(world, 'two', 7);
      await untilWorkloads(world, ['two']);
      await world.changeSpec('one', { suspend: false });
      await untilWorkloads(world, ['one', 'two']);
      await world.cluster.delete(PPO_JOBS, { namespace: world.namespace, name: 'two' });
      await untilPlaced(world, 'one', 7);
    });
  });

  it('leave nothing behind when they are deleted, waiting or running', async () => {
    await inQueue('deleted.test/gpu', RUNS, async (world) => {
      for (const name of ['one', 'two']) await world.createJob(name, spec('deleted.test/gpu', 2));
      await until('both are queued', async () => ((await workloads(world)).length === 2 ? null : 'not yet'));
      for (const name of ['one', 'two']) {
        await world.cluster.delete(PPO_JOBS, { namespace: world.namespace, name }, { propagation: 'Foreground' });
      }
      for (const name of ['one', 'two']) {
        await until(`nothing of ${name} is left`, async () => {
          const left = (await world.pods(name)).map(({ metadata }) => metadata.name);
          return left.length === 0 && (await world.isGone(name)) ? null : left;
        });
      }
      await untilWorkloads(world, []);
    });
  });

  it('get their pods under a name that another one had, whether that one ran or had ended', async () => {
    const finished = new Set<string>();
    const script: PodScript = ({ metadata }) => (finished.has(metadata.uid) ? ended(0) : RUNNING);
    await inQueue('again.test/gpu', script, async (world) => {
      const create = () => world.createJob('job', spec('again.test/gpu', 2));
      const remove = () => world.cluster.delete(PPO_JOBS, { namespace: world.namespace, name: 'job' });
      const untilOwnPlaced = async ({ metadata: { uid } }: Stored<KubernetesObject>): Promise<void> => {
        await until(`7 pods of ${uid} have a place`, async () => {
          const own = (await livePods(world, 'job')).filter((pod) => isControlledBy(pod, uid) && isPlaced(pod));
          return own.length === 7 ? null : own.map(({ metadata }) => metadata.name);
        });
      };
      for (let i = 0; i < 4; i++) {
        await untilOwnPlaced(await create());
        await remove();
      }
      await untilOwnPlaced(await create());
      const coordinator = (await livePods(world, 'job')).find(({ metadata }) => /coordinator/.test(metadata.name))!;
      finished.add(coordinator.metadata.uid);
      await world.untilCondition('job', 'Succeeded');
      await until('only the coordinator is left', async () =>
        (await world.pods('job')).length === 1 ? null : 'not yet',
      );
      await remove();
      await untilOwnPlaced(await create());
    });
  });

  it('take back a pod that failed, and ranks that start anew together', async () => {
    const failing = new Set<string>();
    const script: PodScript = ({ metadata }) => (failing.has(metadata.uid) ? ended(1, 'out of luck') : RUNNING);
    await inQueue('replaced.test/gpu', script, async (world) => {
      const { roles, scheduling } = spec('replaced.test/gpu', 1);
      const actor = { replicas: 2, ...(roles.actor as object) };
      await world.createJob('job', { roles: { ...roles, actor }, scheduling });
      await untilPlaced(world, 'job', 7);
      const find = async (name: string) =>
        (await livePods(world, 'job')).find(({ metadata }) => metadata.name === `job-${name}`)!;
      for (const names of [['generation-0'], ['actor-0', 'actor-1']]) {
        const pods = await Promise.all(names.map(find));
        failing.add(pods[0]!.metadata.uid);
        for (const pod of pods) await untilReplaced(world, 'job', pod);
      }
      await untilPlaced(world, 'job', 7);
      await untilWorkloads(world, ['job']);
    });
  });

  it('have their surplus admitted pod by pod, and grow by it', async () => {
    await inQueue('surplus.test/gpu', RUNS, async (world) => {
      await world.createJob('job', spec('surplus.test/gpu', 2, 1));
      await untilPlaced(world, 'job', 7);
      await world.changeSpec('job', { roles: rolesOf('surplus.test/gpu', 4) });
      await until('9 pods exist', async () => ((await livePods(world, 'job')).length === 9 ? null : 'not yet'));
      await delay(SETTLED_MS);
      assert.equal(await numPlaced(world, 'job'), 7, 'the quota has no more');
      await world.changeSpec('job', { roles: rolesOf('surplus.test/gpu', 1) });
      await until('6 pods are left', async () => ((await world.pods('job')).length === 6 ? null : 'not yet'));
    });
  });

  it('make room for a job that comes first, and come back after it', async () => {
    await create(environment.cluster.transport, '/apis/scheduling.k8s.io/v1/priorityclasses', {
      ...{ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'urgent' }, value: 1000 },
    });
    await inQueue('urgent.test/gpu', RUNS, async (world) => {
      await world.createJob('idle', spec('urgent.test/gpu', 2));
      await untilPlaced(world, 'idle', 7);
      const podTemplate = { priorityClassName: 'urgent' };
      await world.createJob('urgent', { ...spec('urgent.test/gpu', 2), podTemplate });
      await untilPlaced(world, 'urgent', 7);
      await untilPlaced(world, 'idle', 0);
      await world.cluster.delete(PPO_JOBS, { namespace: world.namespace, name: 'urgent' });
      await untilPlaced(world, 'idle', 7);
      assert.deepEqual((await world.status('idle')).roles?.actor?.restarts, 0, 'who is preempted has not failed');
    });
  });
});
