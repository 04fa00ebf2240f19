// What the operator writes, and what it never writes over. The order of writes is tested with the reconciler.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import {
  CONFIG_MAPS,
  EVENTS,
  NETWORK_POLICIES,
  type ResourceKind,
  SERVICES,
} from '../../../operator/cluster/cluster.ts';
import type { KubernetesObject } from '../../../operator/cluster/objects.ts';
import { MACHINE } from '../../../operator/plan/platform.ts';
import { NAMESPACE, WRITER } from '../cluster/fixtures.ts';
import { World } from './fixtures.ts';

interface Foreign extends KubernetesObject {
  readonly spec?: unknown;
  readonly data?: unknown;
}

/** Of somebody else, under names that the job's children have. */
const FOREIGN: readonly { readonly kind: ResourceKind<Foreign>; readonly name: string; readonly content: object }[] = [
  { kind: CONFIG_MAPS, name: 'tiny-config', content: { data: { mine: 'yes' } } },
  { kind: SERVICES, name: 'tiny-generation', content: { spec: { selector: { app: 'web' } } } },
  { kind: NETWORK_POLICIES, name: 'tiny', content: { spec: { podSelector: {}, policyTypes: ['Ingress'] } } },
];

for (const { kind, name, content } of FOREIGN) {
  it(`leaves a ${kind.kind} of somebody else alone, has no pods meanwhile, and says so`, async () => {
    const world = new World();
    world.platform = { ...MACHINE, kind: 'Cluster' };
    const metadata = { namespace: NAMESPACE, name };
    const { apiVersion } = kind;
    const made = await world.store.create(kind, { apiVersion, kind: kind.kind, metadata, ...content }, WRITER);
    world.startOperator();
    try {
      await world.createJob({ security: { tls: { mode: 'Disabled' } } });
      const problem = new RegExp(`apply ${kind.kind} ${name}: there is one already, and it is not of this job`);
      assert.match(String(world.errors[0]), problem);
      assert.deepEqual(await world.store.get(kind, metadata), made);
      assert.deepEqual(await world.podNames(), []);
      await world.store.delete(kind, metadata);
      await world.clock.advance(60_000);
      await world.settle();
      assert.equal((await world.podNames()).length, 7);
    } finally {
      await world.stopOperator();
    }
  });
}

it('waits without a word while what an earlier job of its name left is being collected', async () => {
  const world = new World();
  const owner = { apiVersion: 'rlhf.dev/v1alpha1', kind: 'PPOJob', name: 'tiny', uid: 'earlier', controller: true };
  const held = { ownerReferences: [owner], finalizers: ['example.com/slow'] };
  const metadata = { namespace: NAMESPACE, name: 'tiny-config', ...held };
  await world.store.create(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: {} }, WRITER);
  world.startOperator();
  try {
    await world.createJob();
    await world.clock.advance(60_000);
    await world.settle();
    assert.deepEqual(await world.podNames(), []);
    const events = (await world.store.list(EVENTS)).items.map(({ reason }) => reason);
    assert.ok(!events.includes('ApplyFailed'), String(events));
    const former = await world.store.get(CONFIG_MAPS, metadata);
    await world.store.update(CONFIG_MAPS, { ...former, metadata: { ...former.metadata, finalizers: [] } }, WRITER);
    await world.clock.advance(60_000);
    await world.settle();
    assert.equal((await world.podNames()).length, 7);
    assert.deepEqual(world.errors, []);
  } finally {
    await world.stopOperator();
  }
});

it('deletes the pods of a large job side by side, and no more at once than leaves room for others', async () => {
  const world = new World();
  world.startOperator();
  try {
    await world.createJob({ roles: { generation: { replicas: 60 } } });
    assert.equal((await world.podNames()).length, 65);
    const remove = world.store.delete.bind(world.store);
    let numActive = 0;
    let most = 0;
    world.store.delete = async (kind, name, options) => {
      numActive += 1;
      most = Math.max(most, numActive);
      await setImmediate();
      numActive -= 1;
      return remove(kind, name, options);
    };
    await world.changeSpec({ suspend: true });
    await world.clock.advance(1000);
    assert.equal(most, 16);
    assert.deepEqual(await world.podNames(), []);
  } finally {
    await world.stopOperator();
  }
});
