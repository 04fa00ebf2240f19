// The in-memory cluster keeps what every cluster promises, and what only it can show exactly: its own time and history.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CONFIG_MAPS, PODS, SERVICES } from '../../../operator/cluster/cluster.ts';
import { MemoryCluster } from '../../../operator/cluster/memory-cluster.ts';
import { describeCluster } from './contract.ts';
import { buildConfigMap, buildPod, ManualClock, NAMESPACE, readEvents, settle, WRITER } from './fixtures.ts';

const named = (name: string) => ({ namespace: NAMESPACE, name });
const newCluster = () => new MemoryCluster({ clock: new ManualClock(), historyLimit: 8 });

describeCluster('a cluster in memory', async () => ({ cluster: newCluster(), namespaces: ['one', 'two'] }));

describe('time', () => {
  it('stamps creations and deletions by its clock', async () => {
    const cluster = newCluster();
    const created = await cluster.create(PODS, buildPod('p'), WRITER);
    assert.equal(created.metadata.creationTimestamp, '2026-01-01T00:00:00Z');
    assert.deepEqual(created.status, { phase: 'Pending' });
    await cluster.delete(PODS, named('p'));
    const going = await cluster.get(PODS, named('p'));
    assert.equal(going.metadata.deletionTimestamp, '2026-01-01T00:00:05Z');
  });
});

describe('generations', () => {
  it('counts changes of the spec of any kind, and of nothing else', async () => {
    const cluster = newCluster();
    const service = { apiVersion: 'v1', kind: 'Service', metadata: named('s'), spec: { clusterIP: 'None' } };
    const created = await cluster.create(SERVICES, service, WRITER);
    assert.equal(created.metadata.generation, 1);
    const spec = { clusterIP: 'None', selector: { a: 'b' } };
    const updated = await cluster.update(SERVICES, { ...created, spec }, WRITER);
    assert.equal(updated.metadata.generation, 2);
    const applied = { ...service, spec: { ports: [{ name: 'grpc', port: 7000 }] } };
    const after = await cluster.apply(SERVICES, applied, { fieldManager: 'owner', force: false });
    assert.equal(after.metadata.generation, 3);
  });
});

describe('history', () => {
  it('reaches back as far as its limit, also for a watch that fell behind', async () => {
    const cluster = newCluster();
    const signal = new AbortController().signal;
    const { resourceVersion } = await cluster.list(CONFIG_MAPS);
    const slow = cluster.watch(CONFIG_MAPS, { resourceVersion, signal });
    for (let i = 0; i < 9; i += 1) await cluster.create(CONFIG_MAPS, buildConfigMap(`c${i}`), WRITER);
    await assert.rejects(readEvents(slow, 1), { code: 'Gone' });
    assert.throws(() => cluster.watch(CONFIG_MAPS, { resourceVersion, signal }), { code: 'Gone' });
    const oldest = String(Number(resourceVersion) + 1);
    assert.deepEqual(await readEvents(cluster.watch(CONFIG_MAPS, { resourceVersion: oldest, signal }), 1), [
      'ADDED c1',
    ]);
    for (let i = 9; i < 40; i += 1) await cluster.create(CONFIG_MAPS, buildConfigMap(`c${i}`), WRITER);
    const late = String(Number(resourceVersion) + 32);
    assert.equal(
      (await readEvents(cluster.watch(CONFIG_MAPS, { resourceVersion: late, signal }), 8)).at(-1),
      'ADDED c39',
    );
  });
});

describe('garbage', () => {
  it('is collected as soon as the call that made it has returned', async () => {
    const cluster = newCluster();
    const owner = await cluster.create(CONFIG_MAPS, buildConfigMap('owner'), WRITER);
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid }];
    const child = buildConfigMap('child');
    await cluster.create(CONFIG_MAPS, { ...child, metadata: { ...child.metadata, ownerReferences } }, WRITER);
    await cluster.delete(CONFIG_MAPS, named('owner'));
    await settle();
    assert.deepEqual((await cluster.list(CONFIG_MAPS)).items, []);
  });
});
