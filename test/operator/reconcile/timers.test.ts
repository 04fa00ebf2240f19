// What only time brings about, and when.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PPOJobStatus } from '../../../operator/api/ppojob.ts';
import { timestamp } from '../../../operator/cluster/clock.ts';
import type { Judgement } from '../../../operator/reconcile/judge.ts';
import { isExpired, nextLookMs } from '../../../operator/reconcile/timers.ts';
import { jobOf, START_MS } from './builders.ts';

const at = (seconds: number): string => timestamp(START_MS + seconds * 1000);
const going: Judgement = { outcome: null, restarts: [], unstartable: null, stuckLeftMs: null };
const over: Judgement = {
  ...going,
  outcome: { type: 'Failed', reason: 'DeadlineExceeded', message: 'late', fault: null },
};

function nextLook(o: {
  spec?: object;
  status?: PPOJobStatus;
  judgement?: Judgement;
  abandonedMs?: number;
}): number | null {
  const { spec = {}, status = {}, judgement = going, abandonedMs: leftMs = null } = o;
  const abandoned = { uids: new Set<string>(), leftMs };
  return nextLookMs({ job: jobOf({ ...spec }), status, judgement, abandoned, nowMs: START_MS });
}

const backedOff = (...seconds: number[]): PPOJobStatus => {
  const backoffOf = (s: number) => ({ desired: 1, ready: 0, restarts: 1, backoff: { seconds: s, until: at(s) } });
  const [actor, reward] = seconds.map(backoffOf);
  return { roles: { ...(actor && { actor }), ...(reward && { reward }) } };
};

describe('nextLookMs', () => {
  it('is the first of all times that wait, or none', () => {
    assert.equal(nextLook({}), null);
    const spec = { activeDeadlineSeconds: 60 };
    assert.equal(nextLook({ spec, status: { startTime: at(-10) } }), 50_000);
    assert.equal(nextLook({ spec, status: { startTime: at(-100) } }), 0);
    assert.equal(nextLook({ judgement: { ...going, stuckLeftMs: 7 } }), 7);
    assert.equal(nextLook({ status: backedOff(4, 2) }), 2000);
    assert.equal(nextLook({ status: backedOff(-4, 2), abandonedMs: 1 }), 1);
    assert.equal(nextLook({ status: backedOff(-4) }), null);
  });

  it('is, once the job is over, the end of its time to live alone', () => {
    const status = { ...backedOff(4), startTime: at(-5), completionTime: at(-1) };
    assert.equal(nextLook({ spec: { activeDeadlineSeconds: 60 }, status, judgement: over }), null);
    assert.equal(nextLook({ spec: { ttlSecondsAfterFinished: 30 }, status, judgement: over }), 29_000);
  });
});

describe('isExpired', () => {
  it('is true after the time to live, for jobs that are over', () => {
    const job = jobOf({ ttlSecondsAfterFinished: 0 });
    assert.equal(isExpired(job.spec, {}, START_MS), false);
    assert.equal(isExpired(job.spec, { completionTime: at(0) }, START_MS), true);
    assert.equal(isExpired(jobOf({ ttlSecondsAfterFinished: 1 }).spec, { completionTime: at(0) }, START_MS), false);
    assert.equal(isExpired(jobOf().spec, { completionTime: at(0) }, START_MS + 1e12), false);
  });
});
