// What the page is told of a cluster: jobs in their order, one job with the events that matter, nobody else's.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Cluster, EVENTS, PODS } from '../../../operator/cluster/cluster.ts';
import { ForbiddenError } from '../../../operator/cluster/errors.ts';
import { MemoryCluster } from '../../../operator/cluster/memory-cluster.ts';
import { PageSource } from '../../../operator/page/page-source.ts';
import { FigureStore } from '../../../operator/reconcile/figures.ts';
import type { Progress } from '../../../worker/api/generated/ppo/v1/Progress.ts';
import { ManualClock, NAMESPACE, overrideCluster, WRITER } from '../cluster/fixtures.ts';
import { addJob, buildWorld, HOST, status } from './fixtures.ts';

function sourceOf(cluster: Cluster, more: { jobsOf?: readonly string[]; figures?: FigureStore } = {}) {
  const clock = new ManualClock();
  const { figures = new FigureStore({ clock }), jobsOf = null } = more;
  const source = new PageSource({ clock, read: async () => ({ cluster, host: { ...HOST, jobsOf }, figures }) });
  return { source, clock };
}

it('lists the newest jobs first, and remembers the list for a moment', async () => {
  const clock = new ManualClock();
  const cluster = new MemoryCluster({ clock });
  for (const name of ['old', 'b', 'a']) {
    await addJob(cluster, name, status());
    if (name === 'old') await clock.advance(60_000);
  }
  const { source, clock: reading } = sourceOf(cluster);
  const names = async () => (await source.jobs()).jobs.map(({ name }) => name);
  assert.deepEqual(await names(), ['a', 'b', 'old']);
  await addJob(cluster, 'late', status());
  assert.equal((await names()).length, 3);
  await reading.advance(1000);
  assert.equal((await names()).length, 4);
});

it('shows the events of the job and of the pods that are not ready', async () => {
  const { cluster } = await buildWorld();
  const detail = await sourceOf(cluster).source.job({ namespace: NAMESPACE, name: 'evil' });
  assert.deepEqual(
    detail?.events.map(({ about }) => about),
    ['Pod evil-actor-0', 'PPOJob evil'],
  );
  assert.equal(detail?.eventsProblem, null);
});

it('asks for events less often than for the rest', async () => {
  const { cluster } = await buildWorld();
  let numAsked = 0;
  const list: Cluster['list'] = (kind, options) => {
    if (kind.kind === EVENTS.kind) numAsked++;
    return cluster.list(kind, options);
  };
  const { source, clock } = sourceOf(overrideCluster(cluster, { list }));
  const askFor = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      await source.job({ namespace: NAMESPACE, name: 'evil' });
      await clock.advance(1000);
    }
  };
  await askFor(5);
  assert.equal(numAsked, 2, 'once of the job, once of the pod that waits');
  await askFor(1);
  assert.equal(numAsked, 4);
});

it('shows all else where events may not be listed', async () => {
  const { cluster } = await buildWorld();
  const list: Cluster['list'] = (kind, options) => {
    if (kind.kind === EVENTS.kind) return Promise.reject(new ForbiddenError('events is forbidden'));
    return cluster.list(kind, options);
  };
  const detail = await sourceOf(overrideCluster(cluster, { list })).source.job({ namespace: NAMESPACE, name: 'evil' });
  assert.equal(detail?.eventsProblem, 'events is forbidden');
  assert.equal(detail?.summary.name, 'evil');
});

it("leaves out pods of an earlier job of the same name, and knows no other namespace's jobs where it has one", async () => {
  const { cluster } = await buildWorld();
  for (const { metadata } of (await cluster.list(PODS)).items) {
    const pod = await cluster.get(PODS, metadata);
    const ownerReferences = pod.metadata.ownerReferences?.map((owner) => ({ ...owner, uid: 'another' })) ?? [];
    await cluster.update(PODS, { ...pod, metadata: { ...pod.metadata, ownerReferences } }, WRITER);
  }
  const name = { namespace: NAMESPACE, name: 'evil' };
  const detail = await sourceOf(cluster).source.job(name);
  assert.deepEqual(
    detail?.roles.flatMap(({ pods }) => pods),
    [],
  );
  const { source } = sourceOf(cluster, { jobsOf: ['team-a', 'team-b'] });
  assert.deepEqual((await source.jobs()).jobs, []);
  assert.equal(await source.job(name), null);
  assert.equal(await source.figures(name), null);
});

it('shows the jobs of its namespaces when one of them is gone, and its rights there with it', async () => {
  const { cluster } = await buildWorld();
  const list: Cluster['list'] = async (kind, options) => {
    if (options?.namespace !== NAMESPACE) throw new ForbiddenError('ppojobs: forbidden');
    return cluster.list(kind, options);
  };
  const seen = overrideCluster(cluster, { list });
  const jobsIn = async (jobsOf: readonly string[]) => (await sourceOf(seen, { jobsOf }).source.jobs()).jobs;
  assert.deepEqual(
    (await jobsIn(['gone', NAMESPACE])).map(({ name }) => name),
    ['evil'],
  );
  await assert.rejects(async () => (await sourceOf(seen).source.jobs()).jobs, /forbidden/);
});

it('tells of other curves by another revision', async () => {
  const { cluster, job } = await buildWorld();
  const figures = new FigureStore({ clock: new ManualClock() });
  const { source } = sourceOf(cluster, { figures });
  const name = { namespace: NAMESPACE, name: 'evil' };
  assert.deepEqual(await source.figures(name), { revision: null, series: [] });
  const progress = { phase: 'Generating', iteration: 1, metrics: { score: 1 } } as unknown as Progress;
  figures.record(`${NAMESPACE}/evil`, job.metadata.uid, progress);
  const first = await source.figures(name);
  assert.deepEqual(first?.series, [{ name: 'score', iterations: [1], values: [1] }]);
  figures.record(`${NAMESPACE}/evil`, job.metadata.uid, { ...progress, iteration: 2 } as Progress);
  assert.notEqual((await source.figures(name))?.revision, first?.revision);
  assert.equal(await source.figures({ namespace: NAMESPACE, name: 'none' }), null);
});
