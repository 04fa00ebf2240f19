// What is wrong with a pod, case by case.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LABELS } from '../../../operator/api/names.ts';
import type { ContainerState, Pod, PodStatus, Stored } from '../../../operator/cluster/objects.ts';
import { findFault } from '../../../operator/reconcile/pod-fault.ts';
import { buildPod } from '../cluster/fixtures.ts';
import { failedStatus, RUNNING, SUCCEEDED } from './fixtures.ts';

function podWith(status: PodStatus, role = 'actor', deletionTimestamp?: string): Stored<Pod> {
  const pod = buildPod('p');
  const stored = { uid: 'u', resourceVersion: '1', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' };
  const going = deletionTimestamp === undefined ? {} : { deletionTimestamp };
  return { ...pod, metadata: { ...pod.metadata, ...stored, ...going, labels: { [LABELS.role]: role } }, status };
}

function containers(phase: PodStatus['phase'], states: Record<string, ContainerState>): PodStatus {
  const statuses = Object.entries(states).map(([name, state]) => ({ name, ready: false, restartCount: 0, state }));
  return { phase, containerStatuses: statuses };
}

describe('findFault', () => {
  it('finds none in a pod that waits, runs, was deleted, or is not ours; nor in a finished coordinator', () => {
    const cases = [
      podWith({ phase: 'Pending' }),
      podWith(RUNNING),
      podWith(containers('Pending', { worker: { waiting: { reason: 'ContainerCreating' } } })),
      podWith(failedStatus(1, 'm'), 'actor', '2026-01-01T00:00:00Z'),
      podWith(failedStatus(1, 'm'), 'somebody'),
      podWith(SUCCEEDED, 'coordinator'),
    ];
    for (const pod of cases) assert.equal(findFault(pod), null);
  });

  it('takes the exit code and last words of the worker, else of another container, else of the pod', () => {
    const terminated = (exitCode: number, message: string) => ({ terminated: { exitCode, message } });
    const both = containers('Failed', {
      communicator: terminated(1, 'sidecar'),
      worker: terminated(2, ' last line \n'),
    });
    const sidecar = containers('Failed', { worker: terminated(0, ''), communicator: terminated(1, 'sidecar') });
    const evicted: PodStatus = { phase: 'Failed', reason: 'Evicted', message: 'the node was low on memory' };
    const killed = containers('Failed', { worker: { terminated: { exitCode: 137, reason: 'OOMKilled' } } });
    const found = [both, sidecar, evicted, killed].map((status) => findFault(podWith(status)));
    assert.deepEqual(
      found.map((fault) => [fault?.exitCode, fault?.message]),
      [
        [2, 'last line'],
        [1, 'sidecar'],
        [-1, 'the node was low on memory'],
        [137, 'OOMKilled'],
      ],
    );
  });

  it('keeps the end of long last words, and marks exit code 78', () => {
    const fault = findFault(podWith(failedStatus(78, `${'x'.repeat(5000)} the cause`)));
    assert.equal(fault?.hopeless, 'HopelessConfiguration');
    assert.equal(fault?.message.length, 1000);
    assert.match(fault?.message ?? '', /^\.\.\.x+ the cause$/);
    assert.equal(findFault(podWith(failedStatus(1, '')))?.message, 'Error');
  });
});
