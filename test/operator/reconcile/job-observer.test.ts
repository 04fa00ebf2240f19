// What is told of jobs: each start once, each replaced pod once with its cause.

import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { PPOJobStatus } from '../../../operator/api/ppojob.ts';
import type { ConditionStatus } from '../../../operator/cluster/objects.ts';
import { type JobObserver, type StatusChange, tell } from '../../../operator/reconcile/job-observer.ts';
import { planRestarts } from '../../../operator/reconcile/restarts.ts';
import { faultOf, podOf, START_MS } from './builders.ts';
import { RUNNING } from './fixtures.ts';

let told: string[];
let observer: JobObserver;
beforeEach(() => {
  told = [];
  observer = {
    onStart: () => {},
    onMilestone: (milestone, ms) => told.push(`${milestone} after ${ms}`),
    onPodReplaced: (role, cause) => told.push(`${role} ${cause}`),
  };
});

/** Conditions as [type, status, seconds after the start at which it turned]. */
function statusOf(...states: readonly [string, ConditionStatus, number][]): PPOJobStatus {
  return {
    conditions: states.map(([type, status, seconds]) => ({
      ...{ type, status, reason: 'R', message: 'm' },
      lastTransitionTime: new Date(START_MS + seconds * 1000).toISOString().replace('.000', ''),
    })),
  };
}

function changeOf(more: Partial<StatusChange>): StatusChange {
  const creationTimestamp = '2026-01-01T00:00:00Z';
  return { previous: {}, next: {}, creationTimestamp, restarts: [], pods: [], nowMs: START_MS + 30_000, ...more };
}

describe('a start', () => {
  it('is told when a job was never so before', () => {
    tell(observer, changeOf({ next: statusOf(['Accepted', 'True', 30], ['Scheduled', 'True', 30]) }));
    const previous = statusOf(['Accepted', 'True', 5], ['Scheduled', 'True', 6], ['Running', 'False', 5]);
    const next = statusOf(['Accepted', 'True', 5], ['Scheduled', 'True', 6], ['Running', 'True', 30]);
    tell(observer, changeOf({ previous, next }));
    assert.deepEqual(told, ['scheduled after 30000', 'running after 30000']);
  });

  it('is not told again when a job runs once more, after a restart or when its spec is understood again', () => {
    const previous = statusOf(['Accepted', 'True', 5], ['Running', 'False', 20]);
    tell(observer, changeOf({ previous, next: statusOf(['Accepted', 'True', 5], ['Running', 'True', 30]) }));
    const running = statusOf(['Accepted', 'True', 5], ['Running', 'True', 30]);
    tell(observer, changeOf({ previous: running, next: running }));
    const misunderstood = statusOf(['Accepted', 'False', 20], ['Running', 'Unknown', 20]);
    tell(observer, changeOf({ previous: misunderstood, next: running }));
    assert.deepEqual(told, []);
  });
});

describe('a replaced pod', () => {
  const pods = [podOf('actor', RUNNING), podOf('actor', RUNNING, { index: 1 }), podOf('reward', RUNNING)];

  for (const [action, fault, expected] of [
    ['RestartPod', faultOf('actor'), ['actor program']],
    ['RestartPod', faultOf('reward', { cause: 'Infrastructure' }), ['reward infrastructure']],
    ['Ignore', faultOf('reward'), ['reward ignored']],
    ['RestartRole', faultOf('actor'), ['actor program', 'actor gang']],
    ['RestartJob', faultOf('reward'), ['reward program', 'actor job', 'actor job']],
  ] as const) {
    it(`is told with its cause: ${action} of ${fault.role}`, () => {
      const restarts = planRestarts([{ action, fault, rule: null }], pods);
      tell(observer, changeOf({ restarts, pods }));
      assert.deepEqual(told, expected);
    });
  }
});
