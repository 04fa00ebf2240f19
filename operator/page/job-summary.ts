// A job as a row of the page's list. Pure: from the job as it lies in the cluster, and what is known of its curves.

import type { ProgressStatus } from '../api/ppojob.ts';
import type { Condition, Stored } from '../cluster/objects.ts';
import { buildJobView, isFinal } from '../local/job-view.ts';
import { METRICS } from '../local/metrics-file.ts';
import type { JobFigures } from '../reconcile/figures.ts';
import type { PPOJobObject } from '../reconcile/ppojob-kind.ts';
import type { ConditionView, JobSummary } from './page-api.ts';

/** Points of the small curve in a row. */
const NUM_SCORES = 40;
const MAX_MESSAGE_CHARACTERS = 4096;

export function summarizeJob(job: Stored<PPOJobObject>, figures: JobFigures | null): JobSummary {
  const { namespace, name, uid, creationTimestamp } = job.metadata;
  const { condition, progress } = buildJobView(job, []);
  const { startTime = null, completionTime = null, restarts = 0, infrastructureRestarts = 0 } = job.status ?? {};
  const heardAtMs = figures?.heardAtMs ?? null;
  return {
    ...{ namespace, name, uid, createdAt: creationTimestamp, startedAt: startTime, endedAt: completionTime },
    condition: condition === null ? null : viewCondition(condition),
    isEnded: isFinal(condition),
    ...summarizeProgress(progress),
    ...{ restarts, infrastructureRestarts },
    scores: thin(figures?.series.find((series) => series.name === METRICS.score)?.values ?? [], NUM_SCORES),
    heardAt: heardAtMs === null ? null : new Date(heardAtMs).toISOString(),
  };
}

export function viewCondition({ type, status, reason, message, lastTransitionTime }: Condition): ConditionView {
  return { type, status, reason, message: clip(message), since: lastTransitionTime };
}

/** A text of bounded length. */
export function clip(text: string, maxCharacters = MAX_MESSAGE_CHARACTERS): string {
  return text.length <= maxCharacters ? text : `${text.slice(0, maxCharacters)}…`;
}

/** Null for what is absent or no number. */
export function toNumber(text: string | undefined): number | null {
  const value = Number(text ?? Number.NaN);
  return Number.isFinite(value) ? value : null;
}

function summarizeProgress(progress: ProgressStatus | null) {
  return {
    phase: progress?.phase ?? null,
    iteration: progress?.iteration ?? 0,
    numIterations: progress?.numIterations ?? 0,
    remainingSeconds: progress?.remainingSeconds ?? null,
    score: toNumber(progress?.metrics?.[METRICS.score]),
    kl: toNumber(progress?.metrics?.[METRICS.kl]),
    accuracy: toNumber(progress?.accuracy),
    tokensPerSecond: toNumber(progress?.tokensPerSecond),
  };
}

/** At most `count` of the values: evenly spread, with the first and the last. */
function thin(values: readonly number[], count: number): number[] {
  if (values.length <= count) return [...values];
  const step = (values.length - 1) / (count - 1);
  return Array.from({ length: count }, (_, i) => values[Math.round(i * step)] as number);
}
