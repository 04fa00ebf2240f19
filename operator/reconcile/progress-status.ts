// A coordinator's progress message as the job's status holds it: no floats, bounded size. Pure; what a worker sends is
// not trusted.

import type { Progress } from '../../worker/api/generated/ppo/v1/Progress.ts';
import type { ProgressStatus } from '../api/ppojob.ts';

const MAX_METRICS = 64;
const MAX_TEXT_CHARACTERS = 512;
const SIGNIFICANT_DIGITS = 6;

export function toProgressStatus(progress: Progress): ProgressStatus {
  const metrics = Object.entries(progress.metrics)
    .filter(([, value]) => Number.isFinite(value))
    .slice(0, MAX_METRICS)
    .map(([name, value]) => [name.slice(0, MAX_TEXT_CHARACTERS), decimal(value)]);
  return {
    phase: progress.phase.slice(0, MAX_TEXT_CHARACTERS),
    ...(progress.message !== '' && { message: progress.message.slice(0, MAX_TEXT_CHARACTERS) }),
    iteration: progress.iteration,
    numIterations: progress.numIterations,
    policyVersion: progress.policyVersion,
    elapsedSeconds: whole(progress.elapsedSeconds),
    ...(progress.remainingSeconds >= 0 && { remainingSeconds: whole(progress.remainingSeconds) }),
    tokens: whole(progress.tokens),
    tokensPerSecond: decimal(progress.tokensPerSecond),
    ...(progress.accuracy !== undefined && { accuracy: decimal(progress.accuracy) }),
    ...(progress.accuracyBefore !== undefined && { accuracyBefore: decimal(progress.accuracyBefore) }),
    maxLogprobDifference: decimal(progress.maxLogprobDifference),
    lastCheckpointIteration: progress.lastCheckpointIteration,
    ...(metrics.length > 0 && { metrics: Object.fromEntries(metrics) }),
  };
}

/** What isn't an integer to the API server would keep the whole status from being written. */
function whole(value: number): number {
  return Number.isFinite(value) ? Math.min(Math.max(0, Math.round(value)), Number.MAX_SAFE_INTEGER) : 0;
}

/** Six significant digits, without trailing zeros: "0.8125", "1.5e-7". */
function decimal(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(SIGNIFICANT_DIGITS))) : '0';
}
