// The cache knows what lists, watches and our own writes told it, in whatever order they came.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CONFIG_MAPS } from '../../../operator/cluster/cluster.ts';
import { ObjectCache } from '../../../operator/cluster/object-cache.ts';
import type { ConfigMap, Stored } from '../../../operator/cluster/objects.ts';
import { buildConfigMap, NAMESPACE } from './fixtures.ts';

const named = (name: string) => ({ namespace: NAMESPACE, name });

function stored(name: string, resourceVersion: number, { uid = name, job = 'j' } = {}): Stored<ConfigMap> {
  const metadata = { ...named(name), uid, resourceVersion: String(resourceVersion), generation: 1 };
  return {
    ...buildConfigMap(name),
    metadata: { ...metadata, labels: { job }, creationTimestamp: '2026-01-01T00:00:00Z' },
  };
}

function newCache(...items: Stored<ConfigMap>[]): ObjectCache {
  const cache = new ObjectCache({ indexLabel: 'job' });
  cache.apply(CONFIG_MAPS, { type: 'LISTED', items, resourceVersion: '10' });
  return cache;
}

function names(cache: ObjectCache, labels: Record<string, string> = {}): string[] {
  return cache.list(CONFIG_MAPS, { namespace: NAMESPACE, labels }).map((object) => object.metadata.name);
}

it('is synced once the kind has been listed, and remembers nothing before', () => {
  const cache = new ObjectCache({ indexLabel: 'job' });
  cache.remember(CONFIG_MAPS, stored('a', 1));
  assert.deepEqual([cache.isSynced(CONFIG_MAPS), names(cache)], [false, []]);
  cache.apply(CONFIG_MAPS, { type: 'LISTED', items: [], resourceVersion: '1' });
  assert.equal(cache.isSynced(CONFIG_MAPS), true);
});

it('selects by any label, the indexed one among them, also after it changed', () => {
  const cache = newCache(stored('a', 1), stored('b', 2, { job: 'other' }));
  assert.deepEqual(names(cache, { job: 'j' }), ['a']);
  cache.apply(CONFIG_MAPS, { type: 'MODIFIED', object: stored('a', 11, { job: 'other' }) });
  assert.deepEqual([names(cache, { job: 'j' }), names(cache, { job: 'other' })], [[], ['b', 'a']]);
  assert.deepEqual(names(cache, { job: 'other', more: 'x' }), []);
});

it('keeps the newest, whether the answer to a write comes before its event or after', () => {
  const cache = newCache(stored('a', 5));
  cache.remember(CONFIG_MAPS, stored('a', 100));
  cache.apply(CONFIG_MAPS, { type: 'MODIFIED', object: stored('a', 99) });
  assert.equal(cache.get(CONFIG_MAPS, named('a'))?.metadata.resourceVersion, '100');
  cache.apply(CONFIG_MAPS, { type: 'MODIFIED', object: stored('a', 101) });
  cache.remember(CONFIG_MAPS, stored('a', 100));
  assert.equal(cache.get(CONFIG_MAPS, named('a'))?.metadata.resourceVersion, '101');
});

it('brings no object back whose deletion it has seen', () => {
  const cache = newCache();
  cache.apply(CONFIG_MAPS, { type: 'ADDED', object: stored('a', 11) });
  cache.apply(CONFIG_MAPS, { type: 'DELETED', object: stored('a', 12) });
  cache.remember(CONFIG_MAPS, stored('a', 11));
  assert.deepEqual(names(cache), []);
});

it('knows an object again that had left the selection of its watch, and not what was written before it left', () => {
  const cache = newCache(stored('a', 5));
  cache.apply(CONFIG_MAPS, { type: 'DELETED', object: stored('a', 12) });
  assert.equal(cache.apply(CONFIG_MAPS, { type: 'ADDED', object: stored('a', 13) }), true);
  assert.deepEqual(names(cache), ['a']);
  cache.apply(CONFIG_MAPS, { type: 'LISTED', items: [], resourceVersion: '30' });
  cache.remember(CONFIG_MAPS, stored('a', 30));
  assert.deepEqual(names(cache), []);
  cache.apply(CONFIG_MAPS, { type: 'LISTED', items: [stored('a', 31)], resourceVersion: '31' });
  assert.deepEqual(names(cache), ['a']);
});

it('tells an object from its successor of the same name', () => {
  const cache = newCache(stored('a', 5, { uid: 'first' }));
  cache.remember(CONFIG_MAPS, stored('a', 20, { uid: 'second' }));
  cache.apply(CONFIG_MAPS, { type: 'DELETED', object: stored('a', 15, { uid: 'first' }) });
  assert.equal(cache.get(CONFIG_MAPS, named('a'))?.metadata.uid, 'second');
});

it('forgets at a new list what has gone, but not what was written after the list was made', () => {
  const cache = newCache(stored('gone', 5), stored('kept', 6));
  cache.remember(CONFIG_MAPS, stored('new', 31));
  cache.apply(CONFIG_MAPS, { type: 'LISTED', items: [stored('kept', 6)], resourceVersion: '30' });
  assert.deepEqual(names(cache), ['kept', 'new']);
});

it('says whether a change tells of more than is known', () => {
  const cache = newCache(stored('a', 5));
  const tell = (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: Stored<ConfigMap>) =>
    cache.apply(CONFIG_MAPS, { type, object });
  assert.equal(tell('ADDED', stored('a', 5)), false);
  assert.equal(tell('MODIFIED', stored('a', 6)), true);
  cache.remember(CONFIG_MAPS, stored('b', 8));
  assert.equal(tell('ADDED', stored('b', 8)), false);
  assert.equal(tell('DELETED', stored('b', 9)), true);
  assert.equal(tell('MODIFIED', stored('b', 8)), false);
});

it('knows what was listed in each of several namespaces, and loses by one list nothing of another', () => {
  const cache = new ObjectCache({ indexLabel: 'job', namespaces: [NAMESPACE, 'team-b'] });
  const other = stored('b', 5);
  const there = { ...other, metadata: { ...other.metadata, namespace: 'team-b' } };
  const listed = (items: Stored<ConfigMap>[], resourceVersion: string) => ({
    type: 'LISTED' as const,
    items,
    resourceVersion,
  });
  cache.apply(CONFIG_MAPS, listed([stored('a', 4)], '10'), NAMESPACE);
  assert.equal(cache.isSynced(CONFIG_MAPS), false);
  cache.apply(CONFIG_MAPS, listed([there], '11'), 'team-b');
  assert.equal(cache.isSynced(CONFIG_MAPS), true);
  cache.apply(CONFIG_MAPS, listed([], '12'), NAMESPACE);
  assert.deepEqual(
    cache.list(CONFIG_MAPS).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
    ['team-b/b'],
  );
});
