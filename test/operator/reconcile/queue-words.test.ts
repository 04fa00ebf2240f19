// Why a job waits in one of Kueue's queues: Kueue's words are in the job's condition, and followed as they change.

import assert from 'node:assert/strict';
import { afterEach, it } from 'node:test';
import type { Cluster, ResourceKind } from '../../../operator/cluster/cluster.ts';
import { ForbiddenError } from '../../../operator/cluster/errors.ts';
import type { KubernetesObject } from '../../../operator/cluster/objects.ts';
import { runOperator } from '../../../operator/reconcile/operator.ts';
import { readQueueWords } from '../../../operator/reconcile/queue-words.ts';
import { NAMESPACE, WRITER } from '../cluster/fixtures.ts';
import { unschedulable } from './builders.ts';
import { JOB, World } from './fixtures.ts';

interface Workload extends KubernetesObject {
  readonly status?: unknown;
}

function workloads(version: string): ResourceKind<Workload> {
  return { apiVersion: `kueue.x-k8s.io/${version}`, kind: 'Workload', plural: 'workloads', hasStatus: true };
}

/** As Kueue writes it. */
async function say(world: World, version: string, words: string): Promise<void> {
  const kind = workloads(version);
  const cluster = world.store;
  const [pod] = await world.pods();
  const metadata = { namespace: NAMESPACE, name: pod!.metadata.labels!['kueue.x-k8s.io/pod-group-name']! };
  const known = (await cluster.list(kind, { namespace: NAMESPACE })).items;
  const { apiVersion } = kind;
  const made = known[0] ?? (await cluster.create(kind, { apiVersion, kind: kind.kind, metadata }, WRITER));
  const conditions = [{ type: 'QuotaReserved', status: 'False', reason: 'Pending', message: words }];
  await cluster.updateStatus(kind, { ...made, status: { conditions } }, WRITER);
}

const stop = new AbortController();
let running: Promise<void> = Promise.resolve();
afterEach(async () => {
  stop.abort();
  await running;
});

it('are read while pods wait, in whichever version there is, and go on being read', async () => {
  const world = new World();
  const { clock, progress, store } = world;
  const onError = (error: unknown): number => world.errors.push(error);
  const discovery = { serves: async () => false };
  running = runOperator({ clock, progress, cluster: store, onError, discovery }, stop.signal);
  const scheduling = { gang: 'Kueue', queue: 'team-a', minGenerationReplicas: 2 };
  await world.createJob({ scheduling });
  const message = async () => (await world.condition('Scheduled'))?.message;
  for (const { metadata } of await world.pods()) {
    await world.setPodStatus(metadata.name, unschedulable(null, 'SchedulingGated'));
  }
  assert.match((await message()) ?? '', /has no place: it waits in Kueue's queue team-a$/);
  for (const words of ['insufficient unused quota', 'the queue is stopped']) {
    await say(world, 'v1beta1', words);
    await clock.advance(10_000);
    await world.settle();
    assert.match((await message()) ?? '', new RegExp(`Kueue's queue team-a: ${words}$`));
  }
  await world.runAllPods();
  assert.equal((await world.condition('Scheduled'))?.status, 'True');
  const pods = await world.pods();
  assert.deepEqual(await readQueueWords(store, pods), { words: null, leftMs: null });
  assert.deepEqual(world.errors, []);
});

it('are not needed: who may not read them waits all the same', async () => {
  const world = new World();
  const refused = { ...world.store, get: () => Promise.reject(new ForbiddenError('no')) } as unknown as Cluster;
  const labels = { 'kueue.x-k8s.io/queue-name': 'team-a', 'kueue.x-k8s.io/pod-group-name': JOB.name };
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { ...JOB, labels }, spec: { containers: [] } } as const;
  const pods = [{ ...pod, status: unschedulable(null, 'SchedulingGated') }];
  assert.deepEqual(await readQueueWords(refused, pods), { words: null, leftMs: 10_000 });
});
