// What only time brings about, and when: deadlines, the end of back-offs, pods that are stuck or never go, the end of a
// finished job's time to live. Pure.

import { ROLE_NAMES } from '../api/names.ts';
import type { PPOJob, PPOJobSpec, PPOJobStatus } from '../api/ppojob.ts';
import type { Abandoned } from './abandoned-pods.ts';
import { backoffLeftMs } from './backoff.ts';
import { deadlineLeftMs, type Judgement } from './judge.ts';

export interface TimersInput {
  readonly job: PPOJob;
  /** As it is about to be written. */
  readonly status: PPOJobStatus;
  readonly judgement: Judgement;
  readonly abandoned: Abandoned;
  readonly nowMs: number;
}

/** Time until the job must be looked at again although nothing has changed; null where there is no need. */
export function nextLookMs({ job, status, judgement, abandoned, nowMs }: TimersInput): number | null {
  const timers =
    judgement.outcome === null
      ? [deadlineLeftMs({ job, status, nowMs }), judgement.stuckLeftMs, nextBackoffEndMs(status, nowMs)]
      : [timeToLiveLeftMs(job.spec, status, nowMs)];
  const due = [...timers, abandoned.leftMs].filter((leftMs) => leftMs !== null);
  return due.length === 0 ? null : Math.max(0, Math.min(...due));
}

/** Until the next back-off ends. */
function nextBackoffEndMs({ roles }: PPOJobStatus, nowMs: number): number | null {
  const left = ROLE_NAMES.map((role) => backoffLeftMs(roles?.[role]?.backoff, nowMs)).filter((leftMs) => leftMs > 0);
  return left.length === 0 ? null : Math.min(...left);
}

type TimeToLive = Pick<PPOJobSpec, 'ttlSecondsAfterFinished'>;

/** Until a finished job is to be deleted; null where it isn't over, or lives for ever. */
export function timeToLiveLeftMs(spec: TimeToLive, status: PPOJobStatus, nowMs: number): number | null {
  if (spec.ttlSecondsAfterFinished === undefined || status.completionTime === undefined) return null;
  return Date.parse(status.completionTime) + spec.ttlSecondsAfterFinished * 1000 - nowMs;
}

/** Whether a job has been over for so long that it is to be deleted. */
export function isExpired(spec: TimeToLive, status: PPOJobStatus, nowMs: number): boolean {
  const leftMs = timeToLiveLeftMs(spec, status, nowMs);
  return leftMs !== null && leftMs <= 0;
}
