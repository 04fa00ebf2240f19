// What the state of the pods means for the job: faults to count, and whether the job has ended. Pure; it refuses to
// know how anything is done about it.

import { CONDITIONS, EXIT_CODES, REASONS, type Reason } from '../api/names.ts';
import type { PPOJob, PPOJobStatus } from '../api/ppojob.ts';
import type { Condition, Pod, Stored } from '../cluster/objects.ts';
import { findFault, type PodFault, roleOf } from './pod-state.ts';

/** How a job ended. Final. */
export interface Outcome {
  readonly type: 'Succeeded' | 'Failed';
  readonly reason: Reason;
  readonly message: string;
  /** The fault that ended it. */
  readonly fault: PodFault | null;
}

export interface Judgement {
  readonly outcome: Outcome | null;
  /** Faults that this status write counts as restarts. Each pod's uid is counted once. */
  readonly newFaults: readonly PodFault[];
}

export interface JudgeInput {
  readonly job: PPOJob;
  readonly status: PPOJobStatus;
  readonly pods: readonly Stored<Pod>[];
  readonly nowMs: number;
}

const NOTHING: Judgement = { outcome: null, newFaults: [] };

export function judge(input: JudgeInput): Judgement {
  const { job, status, pods } = input;
  const past = pastOutcome(status);
  if (past !== null) return { outcome: past, newFaults: [] };
  const coordinator = pods.find((pod) => roleOf(pod) === 'coordinator' && pod.metadata.deletionTimestamp === undefined);
  if (coordinator?.status?.phase === 'Succeeded') {
    const message = `${coordinator.metadata.name} finished`;
    return { outcome: { type: 'Succeeded', reason: REASONS.finished, message, fault: null }, newFaults: [] };
  }
  if (job.spec.suspend) return NOTHING;
  const counted = new Set(status.countedFailures);
  const newFaults = pods.map(findFault).filter((fault) => fault !== null && !counted.has(fault.uid)) as PodFault[];
  const outcome = hopeless(newFaults) ?? limitReached(input, newFaults) ?? deadlineExceeded(input);
  return outcome === null ? { outcome, newFaults } : { outcome, newFaults: [] };
}

/** The outcome that the status holds already. */
export function pastOutcome(status: PPOJobStatus): Outcome | null {
  for (const type of [CONDITIONS.succeeded, CONDITIONS.failed] as const) {
    const condition = (status.conditions ?? []).find((c: Condition) => c.type === type && c.status === 'True');
    if (condition !== undefined) {
      return { type, reason: condition.reason as Reason, message: condition.message, fault: null };
    }
  }
  return null;
}

export function describeFault(fault: PodFault): string {
  const code = fault.exitCode === -1 ? '' : ` with exit code ${fault.exitCode}`;
  const how = fault.exitCode === EXIT_CODES.done ? 'ended' : 'failed';
  return `pod ${fault.pod} ${how}${code}: ${fault.message}`;
}

function failed(reason: Reason, message: string, fault: PodFault | null): Outcome {
  return { type: 'Failed', reason, message, fault };
}

function hopeless(faults: readonly PodFault[]): Outcome | null {
  const fault = faults.find(({ isHopeless }) => isHopeless);
  if (fault === undefined) return null;
  return failed(REASONS.hopelessConfiguration, `${describeFault(fault)} (a restart would not help)`, fault);
}

function limitReached({ job, status }: JudgeInput, faults: readonly PodFault[]): Outcome | null {
  for (const fault of faults) {
    const { maxRestarts } = job.spec.roles[fault.role];
    const restarts = status.roles?.[fault.role]?.restarts ?? 0;
    const numFaults = faults.filter(({ role }) => role === fault.role).length;
    if (restarts + numFaults > maxRestarts) {
      const limit = `${restarts} of ${maxRestarts} restarts of role ${fault.role} used`;
      return failed(REASONS.restartLimitReached, `${describeFault(fault)} (${limit})`, fault);
    }
  }
  return null;
}

/** Time left until the job's deadline; null without one, or before the start. */
export function deadlineLeftMs({ job, status, nowMs }: JudgeInput): number | null {
  const limit = job.spec.activeDeadlineSeconds;
  if (limit === undefined || status.startTime === undefined || job.spec.suspend) return null;
  return Date.parse(status.startTime) + limit * 1000 - nowMs;
}

function deadlineExceeded(input: JudgeInput): Outcome | null {
  const leftMs = deadlineLeftMs(input);
  if (leftMs === null || leftMs > 0) return null;
  const message = `the job has not ended within activeDeadlineSeconds (${input.job.spec.activeDeadlineSeconds} s)`;
  return failed(REASONS.deadlineExceeded, message, null);
}
