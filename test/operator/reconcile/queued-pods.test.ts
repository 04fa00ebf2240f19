// Pods that Kueue holds: what Kueue does to them is played here, as its webhook and its controller do it.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, it } from 'node:test';
import { PODS } from '../../../operator/cluster/cluster.ts';
import type { MemoryCluster } from '../../../operator/cluster/memory-cluster.ts';
import type { Pod } from '../../../operator/cluster/objects.ts';
import { PPO_JOBS } from '../../../operator/reconcile/ppojob-kind.ts';
import { failedStatus, JOB, POD_NAMES, SUCCEEDED, World } from './fixtures.ts';

const FINALIZER = 'kueue.x-k8s.io/managed';
const GROUP = 'kueue.x-k8s.io/pod-group-name';
const RETRIABLE = 'kueue.x-k8s.io/retriable-in-group';

let world: World;
/** Whether Kueue has admitted the group, and the scheduler found a node for its pods. */
let isAdmitted: boolean;
beforeEach(() => {
  isAdmitted = true;
  world = new World();
  world.cluster = withWebhook(world.store);
  world.startOperator();
});
afterEach(async () => {
  await world.stopOperator();
  assert.deepEqual(world.errors, []);
});

/** Every pod is held as one of a group from its creation on. In memory nothing can be bound later. */
function withWebhook(store: MemoryCluster): MemoryCluster {
  const create: MemoryCluster['create'] = (kind, object, options) => {
    if (kind.kind !== PODS.kind) return store.create(kind, object, options);
    const { metadata, spec } = object as unknown as Pod;
    const labels = { ...metadata.labels, [GROUP]: JOB.name };
    const held = { ...object, metadata: { ...metadata, labels, finalizers: [FINALIZER] } };
    return store.create(kind, isAdmitted ? { ...held, spec: { ...spec, nodeName: 'node-a' } } : held, options);
  };
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'create') return create;
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** As a kubelet ends pods that are to go: they say so before they are removed. */
async function endGoingPods(): Promise<void> {
  for (const { metadata } of await world.pods()) {
    if (metadata.deletionTimestamp === undefined) continue;
    await world.setPodStatus(metadata.name, failedStatus(143, ''));
    const left = (await world.pods()).some(({ metadata: { uid } }) => uid === metadata.uid);
    if (left) await world.store.delete(PODS, metadata, { gracePeriodSeconds: 0 });
  }
  await world.settle();
  await world.clock.advance(60_000);
  await world.settle();
}

it('a pod that failed comes back under its name: Kueue would keep it until another one has taken its place', async () => {
  await world.createJob();
  await world.runAllPods();
  const before = await world.pod('tiny-reward-0');
  await world.setPodStatus('tiny-reward-0', failedStatus(1, 'out of luck'));
  await endGoingPods();
  const after = await world.pod('tiny-reward-0');
  assert.notEqual(after.metadata.uid, before.metadata.uid);
  assert.deepEqual(after.metadata.finalizers, [FINALIZER]);
});

it('a pod that is to go stays held as long as it runs', async () => {
  await world.createJob();
  await world.runAllPods();
  await world.changeSpec({ suspend: true });
  const going = await world.pods();
  assert.equal(going.length, 7);
  for (const { metadata } of going) assert.deepEqual(metadata.finalizers, [FINALIZER]);
  await endGoingPods();
  assert.deepEqual(await world.pods(), []);
  assert.equal((await world.condition('Suspended'))?.status, 'True');
  await world.changeSpec({ suspend: false });
  assert.deepEqual(await world.podNames(), POD_NAMES);
});

it('pods that have not come to a node are let go at once', async () => {
  isAdmitted = false;
  await world.createJob();
  await world.changeSpec({ suspend: true });
  assert.deepEqual(await world.finishDeletions(), POD_NAMES);
  assert.deepEqual(await world.pods(), []);
});

it("a job's end is the end of its group, although most of its pods have not succeeded", async () => {
  await world.createJob();
  await world.runAllPods();
  await world.setPodStatus('tiny-coordinator-0', SUCCEEDED);
  await endGoingPods();
  assert.deepEqual(await world.podNames(), ['tiny-coordinator-0']);
  const { metadata } = await world.pod('tiny-coordinator-0');
  assert.equal(metadata.annotations?.[RETRIABLE], 'false');
  assert.deepEqual(metadata.finalizers, [FINALIZER], 'Kueue itself lets go of what is not to go');
});

it('pods of a job that is gone are let go', async () => {
  await world.createJob();
  await world.runAllPods();
  await world.store.delete(PPO_JOBS, JOB);
  await world.settle();
  await endGoingPods();
  assert.deepEqual(await world.pods(), []);
});

it('pods of a job that is gone are let go also when another one has its name', async () => {
  await world.createJob();
  await world.runAllPods();
  const former = new Set((await world.pods()).map(({ metadata }) => metadata.uid));
  await world.store.delete(PPO_JOBS, JOB);
  await world.createJob();
  await endGoingPods();
  assert.deepEqual(await world.podNames(), POD_NAMES);
  for (const { metadata } of await world.pods()) assert.ok(!former.has(metadata.uid), metadata.name);
});

it('whatever else holds a pod goes on holding it', async () => {
  isAdmitted = false;
  await world.createJob();
  const pod = await world.pod('tiny-reward-0');
  const finalizers = ['example.com/mine', FINALIZER];
  await world.store.update(PODS, { ...pod, metadata: { ...pod.metadata, finalizers } }, { fieldManager: 'test' });
  await world.store.delete(PODS, pod.metadata);
  await world.settle();
  const held: Pod = await world.pod('tiny-reward-0');
  assert.deepEqual(held.metadata.finalizers, ['example.com/mine']);
  assert.deepEqual(held.spec, pod.spec, 'nothing of it is lost');
});
