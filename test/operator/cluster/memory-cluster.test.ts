// The in-memory cluster behaves as an API server where operator and kubelet can tell.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CONFIG_MAPS, PODS, SERVICES } from '../../../operator/cluster/cluster.ts';
import { MemoryCluster } from '../../../operator/cluster/memory-cluster.ts';
import type { ConfigMap, Stored } from '../../../operator/cluster/objects.ts';
import { buildConfigMap, buildPod, ManualClock, NAMESPACE, readEvents, settle, WRITER } from './fixtures.ts';

const named = (name: string) => ({ namespace: NAMESPACE, name });
const newCluster = () => new MemoryCluster({ clock: new ManualClock(), historyLimit: 8 });

describe('reading and writing', () => {
  it('sets identity and version at creation, and a new version at each write that changes something', async () => {
    const cluster = newCluster();
    const created = await cluster.create(CONFIG_MAPS, buildConfigMap('a', { x: '1' }), WRITER);
    assert.match(created.metadata.uid, /^[0-9a-f-]{36}$/);
    assert.equal(created.metadata.generation, 1);
    assert.equal(created.metadata.creationTimestamp, '2026-01-01T00:00:00Z');
    const same = await cluster.update(CONFIG_MAPS, created, WRITER);
    assert.equal(same.metadata.resourceVersion, created.metadata.resourceVersion);
    const updated = await cluster.update(CONFIG_MAPS, { ...created, data: { x: '2' } }, WRITER);
    assert.notEqual(updated.metadata.resourceVersion, created.metadata.resourceVersion);
    assert.deepEqual((await cluster.get(CONFIG_MAPS, named('a'))).data, { x: '2' });
  });

  it('hands out objects that nobody can change, and keeps none of the caller', async () => {
    const cluster = newCluster();
    const mine = { ...buildConfigMap('a'), data: { x: '1' } };
    await cluster.create(CONFIG_MAPS, mine, WRITER);
    mine.data.x = 'changed';
    const stored = await cluster.get(CONFIG_MAPS, named('a'));
    assert.deepEqual(stored.data, { x: '1' });
    assert.throws(() => Object.assign(stored.data!, { x: '2' }), TypeError);
    assert.throws(() => Object.assign(stored.metadata, { name: 'b' }), TypeError);
  });

  it('refuses what is missing, taken, stale or malformed, each with its own code', async () => {
    const cluster = newCluster();
    const created = await cluster.create(CONFIG_MAPS, buildConfigMap('a'), WRITER);
    await assert.rejects(cluster.get(CONFIG_MAPS, named('b')), {
      code: 'NotFound',
      message: 'ConfigMap default/b not found',
    });
    await assert.rejects(cluster.create(CONFIG_MAPS, buildConfigMap('a'), WRITER), { code: 'AlreadyExists' });
    await cluster.update(CONFIG_MAPS, { ...created, data: { x: '2' } }, WRITER);
    await assert.rejects(cluster.update(CONFIG_MAPS, { ...created, data: { x: '3' } }, WRITER), { code: 'Conflict' });
    await assert.rejects(cluster.create(CONFIG_MAPS, buildConfigMap('Not A Name'), WRITER), { code: 'Invalid' });
    const pod = buildPod('p') as unknown as ConfigMap;
    await assert.rejects(cluster.create(CONFIG_MAPS, pod, WRITER), {
      code: 'Invalid',
      message: /expected v1 ConfigMap/,
    });
  });

  it('lists by namespace and labels', async () => {
    const cluster = newCluster();
    const labelled = (name: string, namespace: string, role: string): ConfigMap => ({
      ...buildConfigMap(name),
      metadata: { name, namespace, labels: { role, job: 'j' } },
    });
    for (const object of [labelled('a', 'one', 'x'), labelled('b', 'one', 'y'), labelled('c', 'two', 'x')]) {
      await cluster.create(CONFIG_MAPS, object, WRITER);
    }
    const names = async (options: Parameters<typeof cluster.list>[1]) =>
      (await cluster.list(CONFIG_MAPS, options)).items.map((item) => item.metadata.name);
    assert.deepEqual(await names({}), ['a', 'b', 'c']);
    assert.deepEqual(await names({ namespace: 'one' }), ['a', 'b']);
    assert.deepEqual(await names({ labels: { role: 'x', job: 'j' } }), ['a', 'c']);
    assert.deepEqual((await cluster.list(PODS)).items, []);
  });
});

describe('spec and status', () => {
  it('writes status only through its subresource, and counts generations of the rest only', async () => {
    const cluster = newCluster();
    const claimed = { ...buildPod('p'), status: { phase: 'Running' } as const };
    const pod = await cluster.create(PODS, claimed, WRITER);
    assert.deepEqual(pod.status, { phase: 'Pending' });
    const running = await cluster.updateStatus(
      PODS,
      { ...pod, status: { phase: 'Running', podIP: '127.1.2.3' } },
      WRITER,
    );
    assert.equal(running.status?.podIP, '127.1.2.3');
    assert.equal(running.metadata.generation, 1);
    const labelled = {
      ...running,
      metadata: { ...running.metadata, labels: { a: 'b' } },
      status: { phase: 'Failed' } as const,
    };
    const updated = await cluster.update(PODS, labelled, WRITER);
    assert.equal(updated.status?.phase, 'Running');
    assert.equal(updated.metadata.generation, 1);
    await assert.rejects(cluster.updateStatus(PODS, { ...running, status: { phase: 'Failed' } }, WRITER), {
      code: 'Conflict',
    });
  });

  it('bumps the generation when the spec changes, and refuses to change a pod', async () => {
    const cluster = newCluster();
    const service = { apiVersion: 'v1', kind: 'Service', metadata: named('s'), spec: { clusterIP: 'None' } };
    const created = await cluster.create(SERVICES, service, WRITER);
    const updated = await cluster.update(
      SERVICES,
      { ...created, spec: { clusterIP: 'None', selector: { a: 'b' } } },
      WRITER,
    );
    assert.equal(updated.metadata.generation, 2);
    const pod = await cluster.create(PODS, buildPod('p'), WRITER);
    await assert.rejects(cluster.update(PODS, { ...pod, spec: buildPod('p', { hostname: 'h' }).spec }, WRITER), {
      code: 'Invalid',
    });
  });
});

describe('watch', () => {
  it('reports every change after a version, in order, and goes on with new ones', async () => {
    const cluster = newCluster();
    const a = await cluster.create(CONFIG_MAPS, buildConfigMap('a'), WRITER);
    const { resourceVersion } = await cluster.list(CONFIG_MAPS);
    await cluster.update(CONFIG_MAPS, { ...a, data: { x: '1' } }, WRITER);
    const events = cluster.watch(CONFIG_MAPS, { resourceVersion, signal: new AbortController().signal });
    const seen = readEvents(events, 3);
    await cluster.create(PODS, buildPod('not-this-kind'), WRITER);
    await settle();
    await cluster.create(CONFIG_MAPS, buildConfigMap('b'), WRITER);
    await cluster.delete(CONFIG_MAPS, named('a'));
    assert.deepEqual(await seen, ['MODIFIED a', 'ADDED b', 'DELETED a']);
  });

  it('shows an object that stops matching the selector as deleted, and one that starts as added', async () => {
    const cluster = newCluster();
    const { resourceVersion } = await cluster.list(CONFIG_MAPS);
    let object = await cluster.create(CONFIG_MAPS, buildConfigMap('a'), WRITER);
    for (const labels of [{ on: 'yes' }, { on: 'yes', more: 'x' }, { on: 'no' }]) {
      object = await cluster.update(CONFIG_MAPS, { ...object, metadata: { ...object.metadata, labels } }, WRITER);
    }
    const signal = new AbortController().signal;
    const events = cluster.watch(CONFIG_MAPS, { resourceVersion, labels: { on: 'yes' }, signal });
    assert.deepEqual(await readEvents(events, 3), ['ADDED a', 'MODIFIED a', 'DELETED a']);
  });

  it('answers Gone when history no longer reaches back, also to a watch that fell behind', async () => {
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

  it('ends when its signal aborts, while it waits', async () => {
    const cluster = newCluster();
    const stop = new AbortController();
    const { resourceVersion } = await cluster.list(CONFIG_MAPS);
    const seen = readEvents(cluster.watch(CONFIG_MAPS, { resourceVersion, signal: stop.signal }), 1);
    await settle();
    stop.abort();
    assert.deepEqual(await seen, []);
  });
});

describe('deletion', () => {
  it('gives a running pod its grace, and removes it when the kubelet deletes it with none', async () => {
    const cluster = newCluster();
    await cluster.create(PODS, buildPod('p'), WRITER);
    await cluster.delete(PODS, named('p'));
    const going = await cluster.get(PODS, named('p'));
    assert.equal(going.metadata.deletionTimestamp, '2026-01-01T00:00:05Z');
    assert.equal(going.metadata.deletionGracePeriodSeconds, 5);
    await assert.rejects(cluster.create(PODS, buildPod('p'), WRITER), { code: 'AlreadyExists' });
    await cluster.delete(PODS, named('p'), { gracePeriodSeconds: 60 });
    assert.equal((await cluster.get(PODS, named('p'))).metadata.deletionGracePeriodSeconds, 5);
    await cluster.delete(PODS, named('p'), { gracePeriodSeconds: 0, preconditions: { uid: going.metadata.uid } });
    await assert.rejects(cluster.get(PODS, named('p')), { code: 'NotFound' });
  });

  it('removes a pod that has ended at once', async () => {
    const cluster = newCluster();
    const pod = await cluster.create(PODS, buildPod('p'), WRITER);
    await cluster.updateStatus(PODS, { ...pod, status: { phase: 'Failed' } }, WRITER);
    await cluster.delete(PODS, named('p'));
    await assert.rejects(cluster.get(PODS, named('p')), { code: 'NotFound' });
  });

  it('checks preconditions', async () => {
    const cluster = newCluster();
    const { metadata } = await cluster.create(CONFIG_MAPS, buildConfigMap('a'), WRITER);
    const withUid = (uid: string) => cluster.delete(CONFIG_MAPS, named('a'), { preconditions: { uid } });
    await assert.rejects(withUid('another'), { code: 'Conflict' });
    const stale = { preconditions: { resourceVersion: '1' } };
    await assert.rejects(cluster.delete(CONFIG_MAPS, named('a'), stale), { code: 'Conflict' });
    await withUid(metadata.uid);
    await assert.rejects(cluster.delete(CONFIG_MAPS, named('a')), { code: 'NotFound' });
  });

  it('keeps an object until its finalizers are gone', async () => {
    const cluster = newCluster();
    const object = buildConfigMap('a');
    await cluster.create(CONFIG_MAPS, { ...object, metadata: { ...object.metadata, finalizers: ['x/y'] } }, WRITER);
    await cluster.delete(CONFIG_MAPS, named('a'));
    const going = await cluster.get(CONFIG_MAPS, named('a'));
    assert.notEqual(going.metadata.deletionTimestamp, undefined);
    const { finalizers: _, ...metadata } = going.metadata;
    await cluster.update(CONFIG_MAPS, { ...going, metadata } as Stored<ConfigMap>, WRITER);
    await assert.rejects(cluster.get(CONFIG_MAPS, named('a')), { code: 'NotFound' });
  });
});

describe('garbage collection', () => {
  const ownedBy = (owner: Stored<ConfigMap>, blockOwnerDeletion = false) => ({
    ownerReferences: [
      { apiVersion: 'v1', kind: 'ConfigMap', name: owner.metadata.name, uid: owner.metadata.uid, blockOwnerDeletion },
    ],
  });

  it('deletes children, and children of children, after their owner; a pod gracefully', async () => {
    const cluster = newCluster();
    const owner = await cluster.create(CONFIG_MAPS, buildConfigMap('owner'), WRITER);
    const child = buildConfigMap('child');
    const stored = await cluster.create(
      CONFIG_MAPS,
      { ...child, metadata: { ...child.metadata, ...ownedBy(owner) } },
      WRITER,
    );
    const pod = buildPod('grandchild');
    await cluster.create(PODS, { ...pod, metadata: { ...pod.metadata, ...ownedBy(stored) } }, WRITER);
    await cluster.create(CONFIG_MAPS, buildConfigMap('stranger'), WRITER);
    await cluster.delete(CONFIG_MAPS, named('owner'));
    await settle();
    assert.deepEqual(
      (await cluster.list(CONFIG_MAPS)).items.map((item) => item.metadata.name),
      ['stranger'],
    );
    assert.notEqual((await cluster.get(PODS, named('grandchild'))).metadata.deletionTimestamp, undefined);
  });

  it('keeps a foreground-deleted owner until its blocking children are gone', async () => {
    const cluster = newCluster();
    const owner = await cluster.create(CONFIG_MAPS, buildConfigMap('owner'), WRITER);
    const pod = buildPod('child');
    await cluster.create(PODS, { ...pod, metadata: { ...pod.metadata, ...ownedBy(owner, true) } }, WRITER);
    await cluster.delete(CONFIG_MAPS, named('owner'), { propagation: 'Foreground' });
    await settle();
    assert.notEqual((await cluster.get(CONFIG_MAPS, named('owner'))).metadata.deletionTimestamp, undefined);
    await cluster.delete(PODS, named('child'), { gracePeriodSeconds: 0 });
    await settle();
    assert.deepEqual((await cluster.list(PODS)).items, []);
    await assert.rejects(cluster.get(CONFIG_MAPS, named('owner')), { code: 'NotFound' });
  });

  it('collects a child that was created after its owner had gone', async () => {
    const cluster = newCluster();
    const owner = await cluster.create(CONFIG_MAPS, buildConfigMap('owner'), WRITER);
    await cluster.delete(CONFIG_MAPS, named('owner'));
    const child = buildConfigMap('late');
    await cluster.create(CONFIG_MAPS, { ...child, metadata: { ...child.metadata, ...ownedBy(owner) } }, WRITER);
    await settle();
    assert.deepEqual((await cluster.list(CONFIG_MAPS)).items, []);
  });
});

describe('server-side apply', () => {
  const owner = { fieldManager: 'owner', force: false };

  it('creates, merges, and writes nothing when nothing changes', async () => {
    const cluster = newCluster();
    const first = await cluster.apply(CONFIG_MAPS, buildConfigMap('a', { x: '1' }), owner);
    const again = await cluster.apply(CONFIG_MAPS, buildConfigMap('a', { x: '1' }), owner);
    assert.equal(again.metadata.resourceVersion, first.metadata.resourceVersion);
    const other = await cluster.apply(CONFIG_MAPS, buildConfigMap('a', { y: '2' }), {
      fieldManager: 'other',
      force: false,
    });
    assert.deepEqual(other.data, { x: '1', y: '2' });
  });

  it("drops what this manager no longer applies, and nobody else's fields", async () => {
    const cluster = newCluster();
    await cluster.apply(CONFIG_MAPS, buildConfigMap('a', { x: '1', shared: 's' }), owner);
    await cluster.apply(CONFIG_MAPS, buildConfigMap('a', { y: '2', shared: 's' }), {
      fieldManager: 'other',
      force: false,
    });
    const after = await cluster.apply(CONFIG_MAPS, buildConfigMap('a', {}), owner);
    assert.deepEqual(after.data, { y: '2', shared: 's' });
  });

  it('refuses to change a field of another manager, unless forced to take it over', async () => {
    const cluster = newCluster();
    await cluster.apply(CONFIG_MAPS, buildConfigMap('a', { x: '1' }), owner);
    const other = buildConfigMap('a', { x: '2' });
    await assert.rejects(cluster.apply(CONFIG_MAPS, other, { fieldManager: 'other', force: false }), {
      code: 'Conflict',
      message: 'ConfigMap default/a: fields owned by others: owner: .data.x',
    });
    await cluster.apply(CONFIG_MAPS, other, { fieldManager: 'other', force: true });
    const after = await cluster.apply(CONFIG_MAPS, buildConfigMap('a', {}), owner);
    assert.deepEqual(after.data, { x: '2' });
  });

  it('treats a plain update as taking over what it changed', async () => {
    const cluster = newCluster();
    const object = await cluster.apply(CONFIG_MAPS, buildConfigMap('a', { x: '1', y: '1' }), owner);
    await cluster.update(CONFIG_MAPS, { ...object, data: { x: 'edited', y: '1' } }, WRITER);
    await assert.rejects(cluster.apply(CONFIG_MAPS, buildConfigMap('a', { x: '1', y: '1' }), owner), {
      code: 'Conflict',
    });
    assert.deepEqual((await cluster.get(CONFIG_MAPS, named('a'))).data, { x: 'edited', y: '1' });
  });

  it('knows items of keyed lists apart', async () => {
    const cluster = newCluster();
    const port = (name: string, number: number) => ({ name, port: number });
    const service = (...ports: { name: string; port: number }[]) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: named('s'),
      spec: { ports },
    });
    await cluster.apply(SERVICES, service(port('grpc', 7000), port('http', 8000)), owner);
    await cluster.apply(SERVICES, service(port('metrics', 9090)), { fieldManager: 'other', force: false });
    const after = await cluster.apply(SERVICES, service(port('rpc', 7000)), owner);
    assert.deepEqual(after.spec.ports, [port('rpc', 7000), port('metrics', 9090)]);
    assert.equal(after.metadata.generation, 3);
    const without = await cluster.apply(SERVICES, service(), owner);
    assert.deepEqual(without.spec.ports, [port('metrics', 9090)]);
  });
});
