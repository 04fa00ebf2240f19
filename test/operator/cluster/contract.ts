// What every Cluster promises, as tests that run on any of them: in memory, a real API server, somebody's cluster. Each test
// has namespaces of its own. Knows no implementation.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { CONFIG_MAPS, EVENTS, PODS, SERVICES } from '../../../operator/cluster/cluster.ts';
import type { ConfigMap, Stored } from '../../../operator/cluster/objects.ts';
import { Bench, eventually, type Setup, SUITE } from './contract-bench.ts';
import { buildEvent, readEvents, WRITER } from './fixtures.ts';

export function describeCluster(title: string, setup: Setup): void {
  const newBench = async (): Promise<Bench> => new Bench(await setup());
  describe(title, () => {
    describe('reading and writing', () => describeReadingAndWriting(newBench));
    describe('spec and status', () => describeSpecAndStatus(newBench));
    describe('watch', () => describeWatch(newBench));
    describe('deletion', () => describeDeletion(newBench));
    describe('garbage collection', () => describeGarbageCollection(newBench));
    describe('server-side apply', () => describeApply(newBench));
  });
}

type NewBench = () => Promise<Bench>;

function describeReadingAndWriting(newBench: NewBench): void {
  it('sets identity and version at creation, and a new version at each write that changes something', async () => {
    const bench = await newBench();
    const { cluster } = bench;
    const created = await cluster.create(CONFIG_MAPS, bench.configMap('a', { x: '1' }), WRITER);
    assert.match(created.metadata.uid, /^[0-9a-f-]{36}$/);
    assert.match(created.metadata.creationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const same = await cluster.update(CONFIG_MAPS, created, WRITER);
    assert.equal(same.metadata.resourceVersion, created.metadata.resourceVersion);
    const updated = await cluster.update(CONFIG_MAPS, { ...created, data: { x: '2' } }, WRITER);
    assert.notEqual(updated.metadata.resourceVersion, created.metadata.resourceVersion);
    assert.deepEqual((await cluster.get(CONFIG_MAPS, bench.named('a'))).data, { x: '2' });
  });

  it('hands out objects that nobody can change, and keeps none of the caller', async () => {
    const bench = await newBench();
    const mine = { ...bench.configMap('a'), data: { x: '1' } };
    await bench.cluster.create(CONFIG_MAPS, mine, WRITER);
    mine.data.x = 'changed';
    const stored = await bench.cluster.get(CONFIG_MAPS, bench.named('a'));
    assert.deepEqual(stored.data, { x: '1' });
    assert.throws(() => Object.assign(stored.data!, { x: '2' }), TypeError);
    assert.throws(() => Object.assign(stored.metadata, { name: 'b' }), TypeError);
    const [listed] = (await bench.cluster.list(CONFIG_MAPS, { namespace: bench.namespace, labels: SUITE })).items;
    assert.deepEqual(listed, stored);
    assert.throws(() => Object.assign(listed!.data!, { x: '2' }), TypeError);
  });

  it('refuses what is missing, taken, stale or malformed, each with its own code', async () => {
    const bench = await newBench();
    const { cluster } = bench;
    const created = await cluster.create(CONFIG_MAPS, bench.configMap('a'), WRITER);
    await assert.rejects(cluster.get(CONFIG_MAPS, bench.named('b')), {
      code: 'NotFound',
      message: `ConfigMap ${bench.namespace}/b not found`,
    });
    await assert.rejects(cluster.create(CONFIG_MAPS, bench.configMap('a'), WRITER), {
      code: 'AlreadyExists',
      message: `ConfigMap ${bench.namespace}/a already exists`,
    });
    await cluster.update(CONFIG_MAPS, { ...created, data: { x: '2' } }, WRITER);
    await assert.rejects(cluster.update(CONFIG_MAPS, { ...created, data: { x: '3' } }, WRITER), { code: 'Conflict' });
    await assert.rejects(cluster.create(CONFIG_MAPS, bench.configMap('Not A Name'), WRITER), { code: 'Invalid' });
    const pod = bench.pod('p') as unknown as ConfigMap;
    await assert.rejects(cluster.create(CONFIG_MAPS, pod, WRITER), {
      code: 'Invalid',
      message: /expected v1 ConfigMap/,
    });
  });

  it('refuses to update an object that has been replaced by another of its name', async () => {
    const bench = await newBench();
    const { cluster } = bench;
    const first = await cluster.create(CONFIG_MAPS, bench.configMap('a'), WRITER);
    await cluster.delete(CONFIG_MAPS, bench.named('a'));
    await assert.rejects(cluster.update(CONFIG_MAPS, first, WRITER), { code: 'NotFound' });
    const second = await cluster.create(CONFIG_MAPS, bench.configMap('a'), WRITER);
    const mixed = { ...first, metadata: { ...first.metadata, resourceVersion: second.metadata.resourceVersion } };
    await assert.rejects(cluster.update(CONFIG_MAPS, mixed, WRITER), { code: 'Conflict' });
  });

  it('lists by namespace and labels', async () => {
    const bench = await newBench();
    const { cluster, namespace: one, otherNamespace: two } = bench;
    const job = one;
    for (const [name, namespace, role] of [
      ['a', one, 'x'] as const,
      ['b', one, 'y'] as const,
      ['c', two, 'x'] as const,
    ]) {
      await cluster.create(CONFIG_MAPS, bench.configMap(name, {}, { namespace, labels: { role, job } }), WRITER);
    }
    const names = async (options: Parameters<typeof cluster.list>[1]) =>
      (await cluster.list(CONFIG_MAPS, options)).items.map((item) => item.metadata.name).sort();
    assert.deepEqual(await names({ labels: { job } }), ['a', 'b', 'c']);
    assert.deepEqual(await names({ namespace: one, labels: { job } }), ['a', 'b']);
    assert.deepEqual(await names({ labels: { role: 'x', job } }), ['a', 'c']);
    assert.deepEqual((await cluster.list(PODS, { namespace: one })).items, []);
  });

  it('lists events by what they are about', async () => {
    const { cluster, namespace } = await newBench();
    for (const [name, kind, uid] of [['a', 'Pod', 'u,1=x'] as const, ['b', 'Pod', 'u2'] as const]) {
      await cluster.create(EVENTS, buildEvent(name, { kind, namespace, name: 'about', uid }), WRITER);
    }
    const names = async (fields: Record<string, string>) =>
      (await cluster.list(EVENTS, { namespace, fields })).items.map((item) => item.metadata.name).sort();
    assert.deepEqual(await names({ 'involvedObject.kind': 'Pod', 'involvedObject.name': 'about' }), ['a', 'b']);
    assert.deepEqual(await names({ 'involvedObject.uid': 'u,1=x' }), ['a']);
    assert.deepEqual(await names({ 'involvedObject.uid': 'u3' }), []);
    assert.deepEqual(await names({ 'metadata.name': 'b', type: 'Normal' }), ['b']);
  });
}

function describeSpecAndStatus(newBench: NewBench): void {
  it('writes status only through its subresource, and counts generations of the rest only', async () => {
    const bench = await newBench();
    const { cluster } = bench;
    const claimed = { ...bench.pod('p'), status: { phase: 'Running' } as const };
    const pod = await cluster.create(PODS, claimed, WRITER);
    assert.equal(pod.status?.phase, 'Pending');
    assert.equal(pod.metadata.generation, 1);
    const status = { ...pod.status, phase: 'Running', podIP: '127.1.2.3' } as const;
    const running = await cluster.updateStatus(PODS, { ...pod, status }, WRITER);
    assert.equal(running.status?.podIP, '127.1.2.3');
    assert.equal(running.metadata.generation, 1);
    const labelled = {
      ...running,
      metadata: { ...running.metadata, labels: { a: 'b' } },
      status: { phase: 'Failed' } as const,
    };
    const updated = await cluster.update(PODS, labelled, WRITER);
    assert.equal(updated.status?.phase, 'Running');
    assert.deepEqual(updated.metadata.labels, { a: 'b' });
    assert.equal(updated.metadata.generation, 1);
    await assert.rejects(cluster.updateStatus(PODS, { ...running, status: { phase: 'Failed' } }, WRITER), {
      code: 'Conflict',
    });
  });

  it('refuses to change what a pod runs', async () => {
    const bench = await newBench();
    const pod = await bench.cluster.create(PODS, bench.pod('p'), WRITER);
    const changed = { ...pod, spec: { ...pod.spec, hostname: 'h' } };
    await assert.rejects(bench.cluster.update(PODS, changed, WRITER), { code: 'Invalid' });
  });
}

function describeWatch(newBench: NewBench): void {
  it('reports every change after a version, in order, and goes on with new ones', async () => {
    const bench = await newBench();
    const { cluster, namespace } = bench;
    const a = await cluster.create(CONFIG_MAPS, bench.configMap('a'), WRITER);
    const resourceVersion = await bench.version();
    await cluster.update(CONFIG_MAPS, { ...a, data: { x: '1' } }, WRITER);
    const signal = new AbortController().signal;
    const seen = readEvents(cluster.watch(CONFIG_MAPS, { resourceVersion, namespace, labels: SUITE, signal }), 3);
    await cluster.create(PODS, bench.pod('not-this-kind'), WRITER);
    await delay(0);
    await cluster.create(CONFIG_MAPS, bench.configMap('b'), WRITER);
    await cluster.delete(CONFIG_MAPS, bench.named('a'));
    assert.deepEqual(await seen, ['MODIFIED a', 'ADDED b', 'DELETED a']);
  });

  it('hands out events as whole, frozen objects', async () => {
    const bench = await newBench();
    const { cluster, namespace } = bench;
    const resourceVersion = await bench.version();
    const created = await cluster.create(CONFIG_MAPS, bench.configMap('a', { x: '1' }), WRITER);
    const signal = new AbortController().signal;
    for await (const { object } of cluster.watch(CONFIG_MAPS, { resourceVersion, namespace, labels: SUITE, signal })) {
      assert.deepEqual(object, created);
      assert.throws(() => Object.assign(object.data!, { x: '2' }), TypeError);
      break;
    }
  });

  it('shows an object that stops matching the selector as deleted, and one that starts as added', async () => {
    const bench = await newBench();
    const { cluster, namespace } = bench;
    const resourceVersion = await bench.version();
    let object = await cluster.create(CONFIG_MAPS, bench.configMap('a'), WRITER);
    for (const labels of [{ on: 'yes' }, { on: 'yes', more: 'x' }, { on: 'no' }]) {
      object = await cluster.update(CONFIG_MAPS, { ...object, metadata: { ...object.metadata, labels } }, WRITER);
    }
    const signal = new AbortController().signal;
    const events = cluster.watch(CONFIG_MAPS, { resourceVersion, namespace, labels: { on: 'yes' }, signal });
    assert.deepEqual(await readEvents(events, 3), ['ADDED a', 'MODIFIED a', 'DELETED a']);
  });

  it('ends when its signal aborts, while it waits', async () => {
    const bench = await newBench();
    const { cluster, namespace } = bench;
    const stop = new AbortController();
    const resourceVersion = await bench.version();
    const watch = cluster.watch(CONFIG_MAPS, { resourceVersion, namespace, labels: SUITE, signal: stop.signal });
    const seen = readEvents(watch, 1);
    await delay(50);
    stop.abort();
    assert.deepEqual(await seen, []);
  });
}

function describeDeletion(newBench: NewBench): void {
  it('gives a running pod its grace, and removes it when the kubelet deletes it with none', async () => {
    const bench = await newBench();
    const { cluster } = bench;
    const pod = await cluster.create(PODS, bench.pod('p'), WRITER);
    await cluster.delete(PODS, bench.named('p'));
    const going = await cluster.get(PODS, bench.named('p'));
    assert.equal(going.metadata.deletionGracePeriodSeconds, 5);
    const untilMs = Date.parse(going.metadata.deletionTimestamp!) - Date.parse(pod.metadata.creationTimestamp);
    assert.ok(untilMs >= 5000, `deletion at least 5 s after creation: ${untilMs} ms`);
    await assert.rejects(cluster.create(PODS, bench.pod('p'), WRITER), { code: 'AlreadyExists' });
    await cluster.delete(PODS, bench.named('p'), { gracePeriodSeconds: 60 });
    assert.equal((await cluster.get(PODS, bench.named('p'))).metadata.deletionGracePeriodSeconds, 5);
    await cluster.delete(PODS, bench.named('p'), { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } });
    await bench.isGone(PODS, 'p');
  });

  it('removes a pod that has ended at once', async () => {
    const bench = await newBench();
    const pod = await bench.cluster.create(PODS, bench.pod('p'), WRITER);
    await bench.cluster.updateStatus(PODS, { ...pod, status: { ...pod.status, phase: 'Failed' } }, WRITER);
    await bench.cluster.delete(PODS, bench.named('p'));
    await bench.isGone(PODS, 'p');
  });

  it('checks preconditions', async () => {
    const bench = await newBench();
    const { cluster } = bench;
    const { metadata } = await cluster.create(CONFIG_MAPS, bench.configMap('a'), WRITER);
    const withUid = (uid: string) => cluster.delete(CONFIG_MAPS, bench.named('a'), { preconditions: { uid } });
    await assert.rejects(withUid('another'), { code: 'Conflict' });
    const stale = { preconditions: { resourceVersion: '1' } };
    await assert.rejects(cluster.delete(CONFIG_MAPS, bench.named('a'), stale), { code: 'Conflict' });
    await withUid(metadata.uid);
    await assert.rejects(cluster.delete(CONFIG_MAPS, bench.named('a')), { code: 'NotFound' });
  });

  it('keeps an object until its finalizers are gone', async () => {
    const bench = await newBench();
    const { cluster } = bench;
    await cluster.create(CONFIG_MAPS, bench.configMap('a', {}, { finalizers: ['example.com/y'] }), WRITER);
    await cluster.delete(CONFIG_MAPS, bench.named('a'));
    const going = await cluster.get(CONFIG_MAPS, bench.named('a'));
    assert.notEqual(going.metadata.deletionTimestamp, undefined);
    const { finalizers: _, ...metadata } = going.metadata;
    await cluster.update(CONFIG_MAPS, { ...going, metadata } as Stored<ConfigMap>, WRITER);
    await bench.isGone(CONFIG_MAPS, 'a');
  });
}

function describeGarbageCollection(newBench: NewBench): void {
  const ownedBy = ({ metadata: { name, uid } }: Stored<ConfigMap>, blockOwnerDeletion = false) => ({
    ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid, blockOwnerDeletion }],
  });

  it('deletes children, and children of children, after their owner; a pod gracefully', async () => {
    const bench = await newBench();
    const { cluster } = bench;
    const owner = await cluster.create(CONFIG_MAPS, bench.configMap('owner'), WRITER);
    const child = await cluster.create(CONFIG_MAPS, bench.configMap('child', {}, ownedBy(owner)), WRITER);
    await cluster.create(PODS, bench.pod('grandchild', {}, ownedBy(child)), WRITER);
    await cluster.create(CONFIG_MAPS, bench.configMap('stranger'), WRITER);
    await cluster.delete(CONFIG_MAPS, bench.named('owner'));
    await eventually(async () => {
      assert.deepEqual(await bench.configMapNames(), ['stranger']);
      const pod = await cluster.get(PODS, bench.named('grandchild'));
      assert.notEqual(pod.metadata.deletionTimestamp, undefined);
      assert.equal(pod.metadata.deletionGracePeriodSeconds, 5);
    });
  });

  it('keeps a foreground-deleted owner until its blocking children are gone', async () => {
    const bench = await newBench();
    const { cluster } = bench;
    const owner = await cluster.create(CONFIG_MAPS, bench.configMap('owner'), WRITER);
    await cluster.create(PODS, bench.pod('child', {}, ownedBy(owner, true)), WRITER);
    await cluster.delete(CONFIG_MAPS, bench.named('owner'), { propagation: 'Foreground' });
    await eventually(async () => {
      const pod = await cluster.get(PODS, bench.named('child'));
      assert.notEqual(pod.metadata.deletionTimestamp, undefined);
    });
    assert.notEqual((await cluster.get(CONFIG_MAPS, bench.named('owner'))).metadata.deletionTimestamp, undefined);
    await cluster.delete(PODS, bench.named('child'), { gracePeriodSeconds: 0 });
    await eventually(() => bench.isGone(PODS, 'child'));
    await eventually(() => bench.isGone(CONFIG_MAPS, 'owner'));
  });

  it('collects a child that was created after its owner had gone', async () => {
    const bench = await newBench();
    const { cluster } = bench;
    const owner = await cluster.create(CONFIG_MAPS, bench.configMap('owner'), WRITER);
    await cluster.delete(CONFIG_MAPS, bench.named('owner'));
    await cluster.create(CONFIG_MAPS, bench.configMap('late', {}, ownedBy(owner)), WRITER);
    await eventually(async () => assert.deepEqual(await bench.configMapNames(), []));
  });
}

function describeApply(newBench: NewBench): void {
  const owner = { fieldManager: 'owner', force: false };
  const other = { fieldManager: 'other', force: false };

  it('creates, merges, and writes nothing when nothing changes', async () => {
    const bench = await newBench();
    const { cluster } = bench;
    const first = await cluster.apply(CONFIG_MAPS, bench.configMap('a', { x: '1' }), owner);
    const again = await cluster.apply(CONFIG_MAPS, bench.configMap('a', { x: '1' }), owner);
    assert.equal(again.metadata.resourceVersion, first.metadata.resourceVersion);
    const merged = await cluster.apply(CONFIG_MAPS, bench.configMap('a', { y: '2' }), other);
    assert.deepEqual(merged.data, { x: '1', y: '2' });
  });

  it("drops what this manager no longer applies, and nobody else's fields", async () => {
    const bench = await newBench();
    const { cluster } = bench;
    await cluster.apply(CONFIG_MAPS, bench.configMap('a', { x: '1', shared: 's' }), owner);
    await cluster.apply(CONFIG_MAPS, bench.configMap('a', { y: '2', shared: 's' }), other);
    const after = await cluster.apply(CONFIG_MAPS, bench.configMap('a', {}), owner);
    assert.deepEqual(after.data, { y: '2', shared: 's' });
  });

  it('refuses to change a field of another manager, unless forced to take it over', async () => {
    const bench = await newBench();
    const { cluster } = bench;
    await cluster.apply(CONFIG_MAPS, bench.configMap('a', { x: '1' }), owner);
    const changed = bench.configMap('a', { x: '2' });
    await assert.rejects(cluster.apply(CONFIG_MAPS, changed, other), {
      code: 'Conflict',
      message: `ConfigMap ${bench.namespace}/a: fields owned by others: owner: .data.x`,
    });
    await cluster.apply(CONFIG_MAPS, changed, { ...other, force: true });
    const after = await cluster.apply(CONFIG_MAPS, bench.configMap('a', {}), owner);
    assert.deepEqual(after.data, { x: '2' });
  });

  it('treats a plain update as taking over what it changed', async () => {
    const bench = await newBench();
    const { cluster } = bench;
    const desired = bench.configMap('a', { x: '1', y: '1' });
    const object = await cluster.apply(CONFIG_MAPS, desired, owner);
    await cluster.update(CONFIG_MAPS, { ...object, data: { x: 'edited', y: '1' } }, WRITER);
    await assert.rejects(cluster.apply(CONFIG_MAPS, desired, owner), { code: 'Conflict' });
    assert.deepEqual((await cluster.get(CONFIG_MAPS, bench.named('a'))).data, { x: 'edited', y: '1' });
  });

  it('knows items of keyed lists apart', async () => {
    const bench = await newBench();
    const { cluster } = bench;
    const port = (name: string, number: number) => ({ name, port: number, protocol: 'TCP', targetPort: number });
    const service = (...ports: ReturnType<typeof port>[]) => ({
      ...{ apiVersion: 'v1', kind: 'Service', metadata: bench.named('s') },
      spec: { clusterIP: 'None', ports },
    });
    await cluster.apply(SERVICES, service(port('grpc', 7000), port('http', 8000)), owner);
    await cluster.apply(SERVICES, service(port('metrics', 9090)), other);
    const after = await cluster.apply(SERVICES, service(port('rpc', 7000)), owner);
    assert.deepEqual(after.spec.ports, [port('rpc', 7000), port('metrics', 9090)]);
    const without = await cluster.apply(SERVICES, service(), owner);
    assert.deepEqual(without.spec.ports, [port('metrics', 9090)]);
  });
}
