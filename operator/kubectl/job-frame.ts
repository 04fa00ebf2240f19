/** From what a cluster says of a job to the frame of the live view. Pure. */
import { CONDITIONS } from '../api/names.ts';
import type { ObjectName } from '../cluster/cluster.ts';
import type { Event, Pod, Stored } from '../cluster/objects.ts';
import { buildJobView, type JobView } from '../local/job-view.ts';
import type { LiveFrame } from '../local/live-view.ts';
import type { IterationRecord } from '../local/metrics-file.ts';
import type { PPOJobObject } from '../reconcile/ppojob-kind.ts';
import { describeEvent, jobEvents } from './events.ts';
import { commandOn } from './session.ts';
import { secondsSince } from './table.ts';

export interface FrameInput {
  readonly job: Stored<PPOJobObject>;
  readonly pods: readonly Stored<Pod>[];
  readonly events: readonly Stored<Event>[];
  readonly records: readonly IterationRecord[];
  readonly nowMs: number;
  /** Shown at the foot where the job itself asks for nothing better; null: nothing. */
  readonly hint: string | null;
}

const AGE_COLUMNS = 10;
/** A start that takes longer may be none. */
const PATIENCE_SECONDS = 60;

export function buildFrame({ job, pods, events, records, nowMs, hint }: FrameInput): LiveFrame {
  const view = buildJobView(job, pods);
  const seconds = elapsedSeconds(job, nowMs);
  return {
    view,
    records,
    elapsedSeconds: seconds,
    events: jobEvents(events, job).map((event) => {
      const { age, reason, text } = describeEvent(event, nowMs);
      return `${age.padStart(AGE_COLUMNS)}  ${reason}: ${text}`;
    }),
    hint: adviceOn(job.metadata, view, seconds) ?? hint ?? '',
  };
}

/** Since the pods were first wanted, until the end; of a suspended job, what it has trained. */
export function elapsedSeconds({ status, metadata }: Stored<PPOJobObject>, nowMs: number): number {
  const { startTime, completionTime, progress } = status ?? {};
  if (startTime === undefined) return progress?.elapsedSeconds ?? secondsSince(metadata.creationTimestamp, nowMs) ?? 0;
  return secondsSince(startTime, completionTime === undefined ? nowMs : Date.parse(completionTime)) ?? 0;
}

/** What to call next; null for a job that is well. */
function adviceOn(job: ObjectName, { condition, pending, roles, lastFailure }: JobView, seconds: number) {
  if (condition?.type === CONDITIONS.suspended) return `${commandOn('resume', job)} goes on with it`;
  if (condition?.type === CONDITIONS.succeeded) return null;
  const isRefused = condition !== null && (condition.status === 'False' || condition.type === CONDITIONS.failed);
  const isShort = lastFailure !== null && roles.some(({ pods, desired }) => pods.length < desired);
  const isSlow = (condition === null || pending !== null) && seconds > PATIENCE_SECONDS;
  return isRefused || isShort || isSlow ? `${commandOn('explain-failure', job)} says why, and what to do` : null;
}
