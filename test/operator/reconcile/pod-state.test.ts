// What a pod's status means, case by case.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LABELS } from '../../../operator/api/names.ts';
import type { Pod, PodStatus, Stored } from '../../../operator/cluster/objects.ts';
import { KUEUE } from '../../../operator/plan/pod-groups.ts';
import {
  findEndedWithin,
  groupOf,
  hasEnded,
  hasFinished,
  isReady,
  unschedulableCondition,
  unschedulableMessage,
} from '../../../operator/reconcile/pod-state.ts';
import { buildPod } from '../cluster/fixtures.ts';
import { podStatus, unschedulable } from './builders.ts';
import { RUNNING, SUCCEEDED } from './fixtures.ts';

function podWith(status: PodStatus, role = 'actor', deletionTimestamp?: string): Stored<Pod> {
  const pod = buildPod('p');
  const stored = { uid: 'u', resourceVersion: '1', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' };
  const going = deletionTimestamp === undefined ? {} : { deletionTimestamp };
  return { ...pod, metadata: { ...pod.metadata, ...stored, ...going, labels: { [LABELS.role]: role } }, status };
}

describe('simple questions', () => {
  it('are answered from phase and conditions', () => {
    assert.deepEqual([isReady(podWith(RUNNING)), isReady(podWith({ phase: 'Running' }))], [true, false]);
    assert.equal(isReady(podWith(RUNNING, 'actor', '2026-01-01T00:00:00Z')), false);
    assert.deepEqual([hasEnded(podWith(SUCCEEDED)), hasEnded(podWith(RUNNING))], [true, false]);
    const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' } as const];
    assert.equal(unschedulableMessage(podWith({ phase: 'Pending', conditions })), 'Unschedulable');
    assert.equal(unschedulableMessage(podWith(RUNNING)), null);
  });

  it('tell who has finished, also beside a sidecar that somebody else has put there', () => {
    const states = { worker: { terminated: { exitCode: 0 } }, proxy: { running: {} } };
    const beside = podStatus('Running', states);
    assert.deepEqual(
      [SUCCEEDED, RUNNING, beside].map((status) => hasFinished(podWith(status, 'coordinator'))),
      [true, false, true],
    );
    assert.equal(hasFinished(podWith(SUCCEEDED)), false);
    assert.equal(findEndedWithin(podWith(beside))?.name, 'worker');
    assert.equal(
      findEndedWithin(podWith(podStatus('Running', { worker: { terminated: { exitCode: 1 } } }))),
      undefined,
    );
  });

  it('tell whose a pod is, and whether it waits for room', () => {
    assert.deepEqual(
      ['actor', 'colocated', 'x'].map((role) => groupOf(podWith(RUNNING, role))),
      [...['actor', 'colocated', null]],
    );
    assert.equal(unschedulableCondition(podWith(unschedulable()))?.reason, 'Unschedulable');
    assert.equal(unschedulableCondition(podWith(unschedulable(null, 'SchedulingGated'))), null);
  });

  it('tell where a pod waits that has not come to the scheduler', () => {
    const gated = podWith(unschedulable(null, 'SchedulingGated'));
    const labels = { [KUEUE.queueLabel]: 'team-a', [KUEUE.groupLabel]: 'tiny' };
    const queued = { ...gated, metadata: { ...gated.metadata, labels } };
    assert.equal(unschedulableMessage(queued), "it waits in Kueue's queue team-a");
    assert.equal(unschedulableMessage(queued, 'no quota'), "it waits in Kueue's queue team-a: no quota");
    assert.equal(unschedulableMessage(gated, 'no quota'), unschedulableMessage(gated));
  });
});
