// What the state of the pods means for the job: what is restarted, and whether the job has ended. Pure; it refuses to know
// how anything is done about it.

import { CONDITIONS, EXIT_CODES, REASONS, type Reason, ROLE_NAMES } from '../api/names.ts';
import type { PPOJob, PPOJobStatus, UnstartablePod } from '../api/ppojob.ts';
import type { Condition, Pod, Stored } from '../cluster/objects.ts';
import { type Decision, decide } from './failure-policy.ts';
import { findFault, type PodFault } from './pod-fault.ts';
import { hasFinished } from './pod-state.ts';
import { countRestarts, planRestarts, type Restart } from './restarts.ts';
import { findStuck } from './stuck-pods.ts';
import { isStarved, isWanted } from './wanted-pods.ts';

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
  /** Restarts that this status write counts. Each pod's uid is counted once. */
  readonly restarts: readonly Restart[];
  readonly unstartable: UnstartablePod | null;
  /** Until a pod that comes no further has failed; null while there is none. */
  readonly stuckLeftMs: number | null;
}

export interface JudgeInput {
  readonly job: PPOJob;
  readonly status: PPOJobStatus;
  readonly pods: readonly Stored<Pod>[];
  readonly nowMs: number;
}

/** Of a job about which there is nothing to decide. */
export const NOTHING: Judgement = { outcome: null, restarts: [], unstartable: null, stuckLeftMs: null };

export function judge(input: JudgeInput): Judgement {
  const { job, status, pods } = input;
  const past = pastOutcome(status);
  if (past !== null) return { ...NOTHING, outcome: past };
  const success = findSuccess(pods);
  if (success !== null) return { ...NOTHING, outcome: success };
  if (job.spec.suspend) return NOTHING;

  const replaced = new Set(status.replacing);
  const judged = pods.filter((pod) => isWanted(job, pod) && !replaced.has(pod.metadata.uid));
  const stuck = findStuck({ ...input, pods: judged });
  const faults = [...judged.map(findFault).filter((fault) => fault !== null), ...stuck.faults];
  const decisions = faults.map((fault) => decide(job, withCircumstances(fault, job, pods)));
  const restarts = planRestarts(decisions, pods);
  const outcome = endedByFault(decisions) ?? limitReached(input, restarts) ?? deadlineExceeded(input);
  if (outcome !== null) return { ...NOTHING, outcome };
  return { outcome, restarts, unstartable: stuck.unstartable, stuckLeftMs: stuck.leftMs };
}

/** That the job is done, as its coordinator's pod shows whatever the spec says; null while it isn't. */
export function findSuccess(pods: readonly Stored<Pod>[]): Outcome | null {
  const coordinator = pods.find((pod) => hasFinished(pod) && pod.metadata.deletionTimestamp === undefined);
  if (coordinator === undefined) return null;
  const message = `${coordinator.metadata.name} finished`;
  return { type: 'Succeeded', reason: REASONS.finished, message, fault: null };
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

/** A coordinator that gives up waiting for pods that have not even started has no blame in it. */
function withCircumstances(fault: PodFault, job: PPOJob, pods: readonly Stored<Pod>[]): PodFault {
  const hasGivenUp = fault.role === 'coordinator' && fault.exitCode === EXIT_CODES.fault;
  return hasGivenUp && isStarved(job, pods) ? { ...fault, cause: 'Infrastructure' } : fault;
}

function failed(reason: Reason, message: string, fault: PodFault | null): Outcome {
  return { type: 'Failed', reason, message, fault };
}

function endedByFault(decisions: readonly Decision[]): Outcome | null {
  const decision = decisions.find(({ action }) => action === 'FailJob');
  if (decision === undefined) return null;
  const { fault, rule } = decision;
  if (rule !== null) {
    return failed(REASONS.failurePolicy, `${describeFault(fault)} (failurePolicy.rules[${rule}] ends the job)`, fault);
  }
  const reason = fault.hopeless ?? REASONS.hopelessConfiguration;
  return failed(reason, `${describeFault(fault)} (a restart would not help)`, fault);
}

function limitReached({ job, status }: JudgeInput, restarts: readonly Restart[]): Outcome | null {
  const { spec } = job;
  const before = countRestarts(status, []);
  const after = countRestarts(status, restarts);
  const most = spec.backoffLimit ?? ROLE_NAMES.reduce((sum, role) => sum + spec.roles[role].maxRestarts, 0);
  for (const { role, count, faults } of restarts) {
    if (count !== 'Program') continue;
    const { maxRestarts } = spec.roles[role];
    const used = before.program[role] ?? 0;
    if ((after.program[role] ?? 0) > maxRestarts && (after.program[role] ?? 0) > used) {
      const limit = `${used} of ${maxRestarts} restarts of role ${role} used`;
      return failed(REASONS.restartLimitReached, `${describeFault(faults[0])} (${limit})`, faults[0]);
    }
    if (after.total > most) {
      const limit = `${before.total} of ${most} restarts of the job used`;
      return failed(REASONS.backoffLimitExceeded, `${describeFault(faults[0])} (${limit})`, faults[0]);
    }
  }
  return null;
}

/** Time left until the job's deadline; null without one, or before the start. */
export function deadlineLeftMs({ job, status, nowMs }: Omit<JudgeInput, 'pods'>): number | null {
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
