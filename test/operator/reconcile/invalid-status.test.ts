// What becomes of a job whose spec is no longer understood, and what its status says: what runs is left alone.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { EVENTS } from '../../../operator/cluster/cluster.ts';
import { PPO_JOBS } from '../../../operator/reconcile/ppojob-kind.ts';
import { failedStatus, POD_NAMES, RUNNING, SUCCEEDED, World } from './fixtures.ts';

let world: World;
beforeEach(() => {
  world = new World();
  world.startOperator();
});
afterEach(() => world.stopOperator());

async function states(): Promise<string[]> {
  const { conditions = [] } = await world.status();
  return conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`);
}

async function uids(): Promise<string[]> {
  return (await world.pods()).map(({ metadata }) => metadata.uid).sort();
}

async function misunderstood(spec: Record<string, unknown> = {}): Promise<void> {
  await world.createJob(spec);
  await world.runAllPods();
  await world.changeSpec({ seed: -1 });
}

describe('a job whose spec is no longer understood', () => {
  it('keeps its pods as they are, and says so', async () => {
    await world.createJob();
    await world.runAllPods();
    const before = { uids: await uids(), startTime: (await world.status()).startTime };
    await world.changeSpec({ seed: -1, roles: { generation: { replicas: 1 } } });
    await world.clock.advance(700_000);
    assert.deepEqual(await uids(), before.uids);
    assert.deepEqual(await states(), [
      'Running=Unknown Invalid',
      'Scheduled=Unknown Invalid',
      'Accepted=False Invalid',
    ]);
    const { message = '' } = (await world.condition('Accepted')) ?? {};
    assert.match(
      message,
      /^the spec is not understood; the pods are left as they are until it is corrected; spec: 1 p/,
    );
    assert.match(message, /spec\.seed/);
    assert.equal((await world.status()).startTime, before.startTime);
    const events = (await world.store.list(EVENTS)).items.filter(({ reason }) => reason === 'Invalid');
    assert.deepEqual(
      events.map(({ type, count }) => [type, count]),
      [['Warning', 1]],
    );
  });

  it('is looked after again once it is mended: what failed meanwhile is counted and replaced', async () => {
    await misunderstood();
    const before = await uids();
    await world.setPodStatus('tiny-reward-0', failedStatus(1, 'boom'));
    assert.deepEqual(await uids(), before);
    assert.equal((await world.status()).roles?.reward?.ready, 0);
    assert.equal(await world.restarts('reward'), 0);
    await world.changeSpec({ seed: 1 });
    await world.setPodStatus('tiny-reward-0', RUNNING);
    assert.equal(await world.restarts('reward'), 1);
    assert.equal((await uids()).filter((uid) => before.includes(uid)).length, before.length - 1);
    assert.deepEqual(await states(), ['Running=True PodsReady', 'Scheduled=True PodsCreated', 'Accepted=True Valid']);
  });

  it('shows the progress that it makes', async () => {
    await misunderstood();
    const progress = {
      ...{ phase: 'Training', iteration: 2, numIterations: 4, policyVersion: 2, elapsedSeconds: 9, tokens: 100 },
      ...{ tokensPerSecond: '50', maxLogprobDifference: '1e-6', lastCheckpointIteration: 0 },
    };
    world.progress.set(progress);
    await world.settle();
    assert.deepEqual((await world.status()).progress, progress);
  });

  it('succeeds when its coordinator is done, and its workers stop', async () => {
    await misunderstood();
    await world.setPodStatus('tiny-coordinator-0', SUCCEEDED);
    await world.settle();
    await world.finishDeletions();
    assert.equal((await world.condition('Succeeded'))?.status, 'True');
    assert.ok((await world.status()).completionTime);
    assert.deepEqual(await world.podNames(), ['tiny-coordinator-0']);
    assert.equal((await world.condition('Running'))?.reason, 'Finished');
  });

  it('is suspended, so that every field may be mended, and resumed', async () => {
    await misunderstood();
    await world.changeSpec({ suspend: true });
    assert.equal((await world.condition('Suspended'))?.message, '7 pods are stopping');
    await world.finishDeletions();
    assert.deepEqual(await world.pods(), []);
    assert.deepEqual(await states(), [
      ...['Suspended=True Suspended', 'Running=False Suspended', 'Scheduled=False Suspended', 'Accepted=False Invalid'],
    ]);
    assert.equal((await world.status()).startTime, undefined);
    await world.changeSpec({ suspend: false });
    assert.deepEqual(await world.podNames(), [], 'nothing is started that is not understood');
    assert.equal((await world.condition('Running'))?.status, 'False');
    await world.changeSpec({ seed: 1 });
    assert.deepEqual(await world.podNames(), POD_NAMES);
  });

  it('is cleaned up after its end all the same', async () => {
    await world.createJob({ cleanPodPolicy: 'None', ttlSecondsAfterFinished: 60 });
    await world.runAllPods();
    await world.setPodStatus('tiny-coordinator-0', SUCCEEDED);
    await world.changeSpec({ seed: -1, cleanPodPolicy: 'All' });
    await world.finishDeletions();
    assert.deepEqual(await world.podNames(), []);
    assert.equal((await world.condition('Succeeded'))?.status, 'True');
    await world.clock.advance(60_000);
    const { items } = await world.store.list(PPO_JOBS);
    assert.deepEqual(
      items.filter(({ metadata }) => metadata.deletionTimestamp === undefined),
      [],
    );
  });
});
