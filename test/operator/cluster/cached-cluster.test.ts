// Reads come from the cache, and our own writes are in it at once.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { cachedCluster } from '../../../operator/cluster/cached-cluster.ts';
import { CONFIG_MAPS } from '../../../operator/cluster/cluster.ts';
import { MemoryCluster } from '../../../operator/cluster/memory-cluster.ts';
import { ObjectCache } from '../../../operator/cluster/object-cache.ts';
import { buildConfigMap, NAMESPACE, overrideCluster, WRITER } from './fixtures.ts';

const named = (name: string) => ({ namespace: NAMESPACE, name });

/** A cached cluster that knows what `names` lists, and how often the cluster behind it was read. */
async function start(...names: string[]) {
  const store = new MemoryCluster();
  for (const name of names) await store.create(CONFIG_MAPS, buildConfigMap(name), WRITER);
  const cache = new ObjectCache({ indexLabel: 'job' });
  cache.apply(CONFIG_MAPS, { type: 'LISTED', ...(await store.list(CONFIG_MAPS)) });
  const reads: string[] = [];
  const counted = overrideCluster(store, {
    get: (kind, name) => {
      reads.push(`get ${name.name}`);
      return store.get(kind, name);
    },
    list: (kind, options) => {
      reads.push('list');
      return store.list(kind, options);
    },
  });
  return { store, cache, reads, cluster: cachedCluster(counted, cache) };
}

it('reads what it knows without asking, and asks for what it does not know', async () => {
  const { store, reads, cluster } = await start('a');
  assert.equal((await cluster.get(CONFIG_MAPS, named('a'))).metadata.name, 'a');
  assert.equal((await cluster.list(CONFIG_MAPS)).items.length, 1);
  assert.deepEqual(reads, []);
  await store.create(CONFIG_MAPS, buildConfigMap('b'), WRITER);
  assert.equal((await cluster.get(CONFIG_MAPS, named('b'))).metadata.name, 'b');
  await assert.rejects(cluster.get(CONFIG_MAPS, named('c')), { code: 'NotFound' });
  assert.deepEqual(reads, ['get b', 'get c']);
});

it('knows its own writes before any watch tells of them', async () => {
  const { reads, cluster } = await start();
  const created = await cluster.create(CONFIG_MAPS, buildConfigMap('a', { x: '1' }), WRITER);
  await cluster.update(CONFIG_MAPS, { ...created, data: { x: '2' } }, WRITER);
  await cluster.apply(CONFIG_MAPS, buildConfigMap('b', { y: '1' }), { ...WRITER, force: true });
  const { items } = await cluster.list(CONFIG_MAPS);
  assert.deepEqual(
    items.map(({ metadata, data }) => [metadata.name, data]),
    [
      ['a', { x: '2' }],
      ['b', { y: '1' }],
    ],
  );
  assert.deepEqual(reads, []);
});

it('learns of an object that exists though it knew of none', async () => {
  const { store, cache, cluster } = await start();
  await store.create(CONFIG_MAPS, buildConfigMap('a', { by: 'somebody' }), WRITER);
  await assert.rejects(cluster.create(CONFIG_MAPS, buildConfigMap('a'), WRITER), { code: 'AlreadyExists' });
  assert.deepEqual(cache.get(CONFIG_MAPS, named('a'))?.data, { by: 'somebody' });
});
