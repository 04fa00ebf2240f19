/** A job as it changes: its own objects alone, and an error where there is nothing to wait for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../../operator/cluster/clock.ts';
import { type Cluster, EVENTS } from '../../../operator/cluster/cluster.ts';
import { ForbiddenError } from '../../../operator/cluster/errors.ts';
import { feedJob } from '../../../operator/kubectl/job-feed.ts';
import { PPO_JOBS } from '../../../operator/reconcile/ppojob-kind.ts';
import { overrideCluster } from '../cluster/fixtures.ts';
import { condition, storedEvent, storedJob } from './builders.ts';
import { FakeSession } from './fake-session.ts';

const NAME = { namespace: 'ml', name: 'tiny' };
const RUNNING = { conditions: [condition('Running', 'True', 'PodsReady')] };

async function startWorld(): Promise<FakeSession> {
  const world = new FakeSession();
  await world.put(PPO_JOBS, storedJob(RUNNING));
  await world.put(PPO_JOBS, storedJob(RUNNING, { name: 'other' }));
  for (const name of ['tiny', 'other']) await world.put(EVENTS, storedEvent('PPOJob', name, 'PodsReady', 'm'));
  return world;
}

test('of all the jobs and events of a namespace only those of the job', async () => {
  const { session, stop, cluster } = await startWorld();
  for await (const { job, events } of feedJob(session, NAME)) {
    if (job === null) break;
    assert.equal(job.metadata.name, 'tiny');
    assert.deepEqual(
      events.map(({ involvedObject }) => involvedObject.name),
      ['tiny'],
    );
    await cluster.delete(PPO_JOBS, NAME);
  }
  stop.abort();
});

test('who may not list jobs hears it, and waits for nothing', async () => {
  const { session, cluster } = await startWorld();
  const list: Cluster['list'] = (kind, options) =>
    kind.kind === PPO_JOBS.kind ? Promise.reject(new ForbiddenError('may not list')) : cluster.list(kind, options);
  const feed = feedJob(
    { cluster: overrideCluster(cluster, { list }), clock: systemClock, signal: session.signal },
    NAME,
  );
  await assert.rejects(feed.next(), /may not list/);
});

test('who may not list events sees the rest', async () => {
  const { session, cluster } = await startWorld();
  const list: Cluster['list'] = (kind, options) =>
    kind.kind === EVENTS.kind ? Promise.reject(new ForbiddenError('may not list')) : cluster.list(kind, options);
  const feed = feedJob(
    { cluster: overrideCluster(cluster, { list }), clock: systemClock, signal: session.signal },
    NAME,
  );
  const { value } = await feed.next();
  assert.deepEqual([value?.job?.metadata.name, value?.events, value?.problem], ['tiny', [], null]);
  await feed.return(undefined);
});

test('ends when it is told to, whatever is under way', async () => {
  const { session, stop, cluster } = await startWorld();
  const list: Cluster['list'] = (kind, options) =>
    kind.kind === EVENTS.kind ? new Promise(() => {}) : cluster.list(kind, options);
  const feed = feedJob(
    { cluster: overrideCluster(cluster, { list }), clock: systemClock, signal: session.signal },
    NAME,
  );
  const next = feed.next();
  stop.abort();
  assert.deepEqual(await next, { done: true, value: undefined });
});
