// Which end a job comes to, case by case.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LABELS } from '../../../operator/api/names.ts';
import { parsePPOJob } from '../../../operator/api/parse.ts';
import type { PPOJob, PPOJobStatus } from '../../../operator/api/ppojob.ts';
import type { Pod, PodStatus, Stored } from '../../../operator/cluster/objects.ts';
import { judge } from '../../../operator/reconcile/judge.ts';
import { buildPod } from '../cluster/fixtures.ts';
import { buildJob, failedStatus, RUNNING, SUCCEEDED } from './fixtures.ts';

function jobWith(spec: Record<string, unknown> = {}): PPOJob {
  const parsed = parsePPOJob(buildJob(spec));
  assert.ok(parsed.ok);
  return parsed.job;
}

function podOf(role: string, status: PodStatus, uid = `${role}-uid`): Stored<Pod> {
  const pod = buildPod(`tiny-${role}-0`);
  const stored = { uid, resourceVersion: '1', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' };
  return { ...pod, metadata: { ...pod.metadata, ...stored, labels: { [LABELS.role]: role } }, status };
}

const START = Date.UTC(2026, 0, 1);
const outcomeOf = (pods: Stored<Pod>[], options: { job?: PPOJob; status?: PPOJobStatus; nowMs?: number } = {}) =>
  judge({ job: options.job ?? jobWith(), status: options.status ?? {}, pods, nowMs: options.nowMs ?? START });

describe('judge', () => {
  it('lets a job go on while its pods run, and counts each fault that is not counted yet', () => {
    const nothing = { outcome: null, restarts: [], unstartable: null, stuckLeftMs: null };
    assert.deepEqual(outcomeOf([podOf('coordinator', RUNNING)]), nothing);
    const pods = [podOf('generation', failedStatus(1, 'a'), 'known'), podOf('generation', failedStatus(1, 'b'), 'new')];
    const { outcome, restarts } = outcomeOf(pods, { status: { replacing: ['known'] } });
    assert.deepEqual([outcome, restarts.map(({ uids }) => uids)], [null, [['new']]]);
  });

  it("takes the coordinator's success over any fault beside it", () => {
    const pods = [podOf('coordinator', SUCCEEDED), podOf('actor', failedStatus(78, 'too late to matter'))];
    assert.equal(outcomeOf(pods).outcome?.type, 'Succeeded');
  });

  it('adds faults of one role that come together', () => {
    const status = { roles: { generation: { desired: 2, ready: 0, restarts: 1 } } };
    const pods = [podOf('generation', failedStatus(1, 'a'), 'u1'), podOf('generation', failedStatus(1, 'b'), 'u2')];
    const { outcome, restarts } = outcomeOf(pods, { status });
    assert.equal(outcome?.reason, 'RestartLimitReached');
    assert.deepEqual(restarts, []);
  });

  it('measures the deadline from the start, and not at all while suspended', () => {
    const status = { startTime: '2026-01-01T00:00:00Z' };
    const job = jobWith({ activeDeadlineSeconds: 10 });
    assert.equal(outcomeOf([], { job, status, nowMs: START + 9_999 }).outcome, null);
    const { outcome } = outcomeOf([], { job, status, nowMs: START + 10_000 });
    assert.equal(outcome?.message, 'the job has not ended within activeDeadlineSeconds (10 s)');
    const suspended = jobWith({ activeDeadlineSeconds: 10, suspend: true });
    assert.equal(outcomeOf([], { job: suspended, status, nowMs: START + 60_000 }).outcome, null);
  });

  it('never takes an end back', () => {
    const condition = { type: 'Failed', status: 'True', reason: 'DeadlineExceeded', message: 'late' } as const;
    const status = { conditions: [{ ...condition, lastTransitionTime: '2026-01-01T00:00:00Z' }] };
    const { outcome } = outcomeOf([podOf('coordinator', SUCCEEDED)], { status });
    assert.deepEqual(outcome, { type: 'Failed', reason: 'DeadlineExceeded', message: 'late', fault: null });
  });
});
