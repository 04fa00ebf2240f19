// Pods on their way up may wait for each other; what is wrong, and what ends, may not.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { mayWait } from '../../../operator/reconcile/patience.ts';
import { disrupted, podOf, podStatus, unschedulable, waiting } from './builders.ts';
import { buildJob, failedStatus, RUNNING, SUCCEEDED } from './fixtures.ts';

for (const [name, object, expected] of [
  ['a pod that was just made', podOf('actor', { phase: 'Pending' }), true],
  ['a pod that waits for room', podOf('actor', unschedulable()), true],
  ['a pod that pulls its image', podOf('actor', waiting('ContainerCreating')), true],
  ['a pod that runs', podOf('actor', RUNNING), true],
  ['a pod that failed', podOf('actor', failedStatus(1, 'boom')), false],
  ['a pod that ended', podOf('coordinator', SUCCEEDED), false],
  ['a pod that is going', podOf('actor', RUNNING, { deletionTimestamp: '2026-01-01T00:00:05Z' }), false],
  ['a pod that is taken away', podOf('actor', { ...RUNNING, conditions: [disrupted('Preempted')] }), true],
  ['a pod that can not start', podOf('actor', waiting('RunContainerError')), false],
  [
    'a pod of which one container failed',
    podOf('actor', podStatus('Running', { worker: { terminated: { exitCode: 1 } }, communicator: { running: {} } })),
    false,
  ],
  ['a job', buildJob(), false],
] as const) {
  it(`${name} ${expected ? 'may' : 'may not'} wait`, () => assert.equal(mayWait(object), expected));
}
