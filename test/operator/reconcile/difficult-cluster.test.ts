// A job's life while the API server refuses, loses answers, or somebody else writes too: nothing is lost, and what has to be
// said is said at the job.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { FIELD_MANAGER, LABELS } from '../../../operator/api/names.ts';
import { EVENTS, PODS, type WatchOptions } from '../../../operator/cluster/cluster.ts';
import { ConflictError, ForbiddenError, UnavailableError } from '../../../operator/cluster/errors.ts';
import { PPO_JOBS } from '../../../operator/reconcile/ppojob-kind.ts';
import { overrideCluster, settle, WRITER } from '../cluster/fixtures.ts';
import { buildJob, POD_NAMES, World } from './fixtures.ts';

let world: World;
beforeEach(() => {
  world = new World();
  world.startOperator();
});
afterEach(() => world.stopOperator());

/** A watch that brings nothing. */
async function* silence({ signal }: WatchOptions): AsyncGenerator<never> {
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

async function eventReasons(): Promise<string[]> {
  return (await world.store.list(EVENTS)).items.map((event) => event.reason);
}

describe('the cluster is difficult', () => {
  it('quietly tries again when somebody else wrote first', async () => {
    const updateStatus = world.store.updateStatus.bind(world.store);
    let numConflicts = 0;
    world.store.updateStatus = async (kind, object, options) => {
      if (object.kind === 'PPOJob' && numConflicts < 2) {
        numConflicts += 1;
        throw new ConflictError('stale');
      }
      return updateStatus(kind, object, options);
    };
    await world.createJob();
    await world.settle();
    assert.equal(numConflicts, 2);
    assert.equal((await world.condition('Accepted'))?.status, 'True');
    assert.deepEqual(world.errors, []);
    assert.deepEqual(await eventReasons(), ['PodsCreated']);
  });

  it('writes status also when acting fails, and comes back', async () => {
    const create = world.store.create.bind(world.store);
    let isBroken = true;
    world.store.create = async (kind, object, options) => {
      if (isBroken && object.metadata.name === 'tiny-reward-0') throw new Error('quota exceeded');
      return create(kind, object, options);
    };
    await world.createJob();
    assert.equal((await world.condition('Scheduled'))?.message, '6 of 7 pods exist');
    const event = (await world.store.list(EVENTS)).items.find(({ reason }) => reason === 'ApplyFailed');
    assert.equal(event?.message, 'create Pod tiny-reward-0: quota exceeded');
    isBroken = false;
    await world.clock.advance(60_000);
    assert.deepEqual(await world.podNames(), POD_NAMES);
    assert.equal((await world.condition('Scheduled'))?.status, 'True');
  });

  it('says nothing of a pod whose making was not answered, and makes it once', async () => {
    const create = world.store.create.bind(world.store);
    let isLost = true;
    world.store.create = async (kind, object, options) => {
      const made = await create(kind, object, options);
      if (!isLost || object.metadata.name !== 'tiny-reward-0') return made;
      isLost = false;
      throw new UnavailableError('the connection was lost');
    };
    // The watch is as late as it may be.
    world.cluster = overrideCluster(world.store, {
      watch: (kind, o) => (kind.kind === 'Pod' ? silence(o) : world.store.watch(kind, o)),
    });
    await world.stopOperator();
    world.startOperator();
    await world.createJob();
    await world.clock.advance(1_000);
    assert.equal((await world.condition('Scheduled'))?.status, 'True');
    assert.deepEqual(
      world.errors.map((error) => (error as Error).message),
      ['create Pod tiny-reward-0: the connection was lost'],
    );
    assert.equal((await eventReasons()).filter((reason) => reason === 'ApplyFailed').length, 1);
  });

  it('says at the job what the operator may not even read', async () => {
    const list = world.store.list.bind(world.store);
    world.store.list = async (kind, options) => {
      if (kind.kind === 'Secret') throw new ForbiddenError('secrets is forbidden: User "ppo" cannot list');
      return list(kind, options);
    };
    await world.createJob({ security: { tls: { mode: 'Enabled' } } });
    const event = (await world.store.list(EVENTS)).items.find(({ reason }) => reason === 'ApplyFailed');
    assert.equal(event?.message, 'secrets is forbidden: User "ppo" cannot list');
  });

  it('does not ask a server that has no time for one pod for all of them', async () => {
    const asked: string[] = [];
    world.store.create = async (kind, object) => {
      if (kind.kind === 'Pod') asked.push(object.metadata.name);
      throw new UnavailableError('failed calling webhook: context deadline exceeded');
    };
    await world.store.apply(PPO_JOBS, buildJob(), { ...WRITER, force: true });
    await settle();
    assert.deepEqual([...new Set(asked)], ['tiny-coordinator-0']);
    assert.equal((await world.condition('Scheduled'))?.message, '0 of 7 pods exist');
  });

  it('knows a child again whose labels somebody takes off and puts back', async () => {
    await world.createJob();
    await world.runAllPods();
    const relabel = async (change: Record<string, string>): Promise<void> => {
      const { metadata, ...pod } = await world.pod('tiny-reward-0');
      const { [LABELS.managedBy]: _, ...labels } = metadata.labels ?? {};
      const changed = { ...metadata, labels: { ...labels, ...change } };
      await world.store.update(PODS, { ...pod, metadata: changed }, WRITER);
      await world.settle();
    };
    await relabel({});
    assert.equal((await world.condition('Running'))?.message, '6 of 7 pods are ready');
    await relabel({ [LABELS.managedBy]: FIELD_MANAGER });
    await world.clock.advance(60_000);
    assert.equal((await world.condition('Running'))?.status, 'True');
  });
});
