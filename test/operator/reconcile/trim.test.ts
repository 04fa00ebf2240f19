// What is remembered of a pod, and that other kinds are remembered whole.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CONFIG_MAPS, PODS } from '../../../operator/cluster/cluster.ts';
import { MemoryCluster } from '../../../operator/cluster/memory-cluster.ts';
import { trim } from '../../../operator/reconcile/trim.ts';
import { buildConfigMap, buildPod, WRITER } from '../cluster/fixtures.ts';

it('keeps of a pod who it is, how it fares, where it runs and with whom', async () => {
  const cluster = new MemoryCluster();
  const worker = { name: 'worker', image: 'image', env: [{ name: 'A', value: 'b' }] };
  const spec = { containers: [worker], volumes: [{ name: 'v', emptyDir: {} }], nodeName: 'node-a' };
  const pod = await cluster.create(PODS, buildPod('a', { ...spec, schedulingGroup: { podGroupName: 'g' } }), WRITER);
  const { metadata, status, spec: kept } = trim(pod);
  assert.deepEqual([metadata, status], [pod.metadata, pod.status]);
  assert.deepEqual(kept, {
    containers: [{ name: 'worker', image: 'image' }],
    nodeName: 'node-a',
    schedulingGroup: { podGroupName: 'g' },
  });
});

it('keeps other kinds whole', async () => {
  const object = await new MemoryCluster().create(CONFIG_MAPS, buildConfigMap('a', { k: 'v' }), WRITER);
  assert.equal(trim(object), object);
});
