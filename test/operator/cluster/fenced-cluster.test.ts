// Writes that pass while one may write, and are refused afterwards; reads that always pass.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CONFIG_MAPS } from '../../../operator/cluster/cluster.ts';
import { fencedCluster } from '../../../operator/cluster/fenced-cluster.ts';
import { MemoryCluster } from '../../../operator/cluster/memory-cluster.ts';
import { buildConfigMap, NAMESPACE, WRITER } from './fixtures.ts';

it('lets reads pass, and writes only while one may write', async () => {
  let mayWrite = true;
  const cluster = fencedCluster(new MemoryCluster(), () => mayWrite);
  const stored = await cluster.create(CONFIG_MAPS, buildConfigMap('a'), WRITER);
  mayWrite = false;
  const refused = { name: 'UnavailableError', message: 'not written: this operator leads no longer' };
  const name = { namespace: NAMESPACE, name: 'a' };
  await assert.rejects(cluster.create(CONFIG_MAPS, buildConfigMap('b'), WRITER), refused);
  await assert.rejects(cluster.apply(CONFIG_MAPS, buildConfigMap('a'), { ...WRITER, force: true }), refused);
  await assert.rejects(cluster.update(CONFIG_MAPS, stored, WRITER), refused);
  await assert.rejects(cluster.updateStatus(CONFIG_MAPS, stored, WRITER), refused);
  await assert.rejects(cluster.delete(CONFIG_MAPS, name), refused);
  assert.deepEqual(await cluster.get(CONFIG_MAPS, name), stored);
  assert.equal((await cluster.list(CONFIG_MAPS)).items.length, 1);
});
