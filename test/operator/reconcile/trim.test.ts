// What is remembered of a pod, and that other kinds are remembered whole.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CONFIG_MAPS, PODS } from '../../../operator/cluster/cluster.ts';
import { MemoryCluster } from '../../../operator/cluster/memory-cluster.ts';
import type { PodStatus } from '../../../operator/cluster/objects.ts';
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

it('keeps of a status what is judged and shown, and leaves out what only identifies', async () => {
  const cluster = new MemoryCluster();
  const made = await cluster.create(PODS, buildPod('a'), WRITER);
  const [state, lastState] = [{ running: { startedAt: '2026-01-01T00:00:00Z' } }, { terminated: { exitCode: 137 } }];
  const container = { name: 'worker', ready: true, started: true, restartCount: 1, state, lastState };
  const kept: PodStatus = {
    ...{ phase: 'Running', reason: 'R', message: 'm', podIP: '10.0.0.1', startTime: '2026-01-01T00:00:00Z' },
    conditions: [{ type: 'Ready', status: 'True' }],
  };
  const status = {
    ...{ ...kept, podIPs: [{ ip: '10.0.0.1' }], hostIP: '10.1.0.1' },
    containerStatuses: [{ ...container, image: 'i', imageID: 'sha256:1', containerID: 'containerd://2' }],
  };
  const pod = await cluster.updateStatus(PODS, { ...made, status }, WRITER);
  assert.deepEqual(trim(pod).status, { ...kept, containerStatuses: [container] });
});

it('keeps other kinds whole', async () => {
  const object = await new MemoryCluster().create(CONFIG_MAPS, buildConfigMap('a', { k: 'v' }), WRITER);
  assert.equal(trim(object), object);
});
