// The status that a job should have, from what was observed and judged. Pure; the reconciler writes it once.

import { CONDITIONS, type ConditionType, REASONS, ROLE_NAMES, type RoleName } from '../api/names.ts';
import type { LastFailure, PPOJob, PPOJobStatus, ProgressStatus, RoleStatus } from '../api/ppojob.ts';
import { timestamp } from '../cluster/clock.ts';
import type { Condition, ConditionStatus, Pod, Stored } from '../cluster/objects.ts';
import { roleLabels } from '../plan/children.ts';
import { carrierOf } from '../plan/ports.ts';
import { computeBackoffs } from './backoff.ts';
import { findCondition, latestStageFirst, setCondition } from './conditions.ts';
import type { Judgement, Outcome } from './judge.ts';
import { carriesRole, isReady, isRoleReady, unschedulableMessage } from './pod-state.ts';
import { countRestarts, type RestartCounts } from './restarts.ts';
import { countNeeded, isNeeded } from './wanted-pods.ts';

export interface StatusInput {
  readonly job: PPOJob;
  readonly generation: number;
  readonly previous: PPOJobStatus;
  readonly pods: readonly Stored<Pod>[];
  readonly judgement: Judgement;
  /** Null while the coordinator has said nothing. */
  readonly progress: ProgressStatus | null;
  /** Kueue's, on pods that wait for it. */
  readonly queueWords?: string | null;
  readonly nowMs: number;
}

export type Verdict = readonly [status: ConditionStatus, reason: string, message: string];

export function computeStatus(input: StatusInput): PPOJobStatus {
  const { previous, judgement, progress, job, pods } = input;
  const now = timestamp(input.nowMs);
  const { startTime: _s, completionTime: _c, replacing: _r, unstartable: _u, ...kept } = previous;
  const isOver = judgement.outcome !== null;
  // A resumed job's deadline starts anew.
  const startTime = job.spec.suspend && !isOver ? undefined : (previous.startTime ?? now);
  const completionTime = isOver ? (previous.completionTime ?? now) : undefined;
  const lastFailure = newestFailure(judgement) ?? previous.lastFailure;
  const existing = new Set(pods.map((pod) => pod.metadata.uid));
  const uids = [...(previous.replacing ?? []), ...judgement.restarts.flatMap((restart) => restart.uids)];
  const replacing = [...new Set(uids)].filter((uid) => existing.has(uid));
  const counts = countRestarts(previous, judgement.restarts);
  return {
    ...kept,
    observedGeneration: input.generation,
    ...(startTime !== undefined && { startTime }),
    ...(completionTime !== undefined && { completionTime }),
    conditions: computeConditions(input, now),
    roles: computeRoles(input, counts),
    ...totals(counts),
    generationSelector: formatSelector(roleLabels(job.metadata.name, carrierOf(job, 'generation'))),
    ...(progress !== null && { progress }),
    ...(lastFailure !== undefined && { lastFailure }),
    ...(judgement.unstartable !== null && { unstartable: judgement.unstartable }),
    ...(replacing.length > 0 && { replacing }),
  };
}

/** Kubernetes' limit for a condition's message. */
const MAX_MESSAGE_CHARACTERS = 32_768;

/** Of all roles together; counts that are 0 are left out. */
function totals(counts: RestartCounts): Partial<PPOJobStatus> {
  const infrastructureRestarts = sumOf(counts.infrastructure);
  const ignoredRestarts = sumOf(counts.ignored);
  return {
    restarts: counts.total,
    ...(infrastructureRestarts > 0 && { infrastructureRestarts }),
    ...(ignoredRestarts > 0 && { ignoredRestarts }),
    ...(counts.job > 0 && { jobRestarts: counts.job }),
  };
}

function sumOf(counts: Readonly<Partial<Record<RoleName, number>>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function formatSelector(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

function newestFailure({ outcome, restarts }: Judgement): LastFailure | undefined {
  const fault = outcome?.fault ?? restarts.at(-1)?.faults[0];
  if (fault === undefined) return undefined;
  const { pod, uid, exitCode, message, cause } = fault;
  return { pod, uid, exitCode, message, cause };
}

function computeRoles(input: StatusInput, counts: RestartCounts): Record<RoleName, RoleStatus> {
  const { job, pods, previous, judgement, nowMs } = input;
  const isActive = judgement.outcome === null && !job.spec.suspend;
  const backoffs = isActive ? computeBackoffs(previous, judgement.restarts, { pods, nowMs }) : {};
  const statusOf = (role: RoleName): RoleStatus => {
    const infrastructureRestarts = counts.infrastructure[role] ?? 0;
    const ignoredRestarts = counts.ignored[role] ?? 0;
    const backoff = backoffs[role];
    return {
      desired: job.spec.roles[role].replicas,
      ready: countReady(pods, role),
      restarts: counts.program[role] ?? 0,
      ...(infrastructureRestarts > 0 && { infrastructureRestarts }),
      ...(ignoredRestarts > 0 && { ignoredRestarts }),
      ...(backoff !== undefined && { backoff }),
    };
  };
  return Object.fromEntries(ROLE_NAMES.map((role) => [role, statusOf(role)])) as Record<RoleName, RoleStatus>;
}

export function countReady(pods: readonly Pod[], role: RoleName): number {
  return pods.filter((pod) => carriesRole(pod, role) && isRoleReady(pod, role)).length;
}

function computeConditions(input: StatusInput, now: string): Condition[] {
  const { generation, previous } = input;
  const stand = standOf(input);
  const verdicts: [ConditionType, Verdict | null][] = [
    [CONDITIONS.accepted, ['True', REASONS.valid, 'the manifest passed every check']],
    [CONDITIONS.scheduled, restVerdict(stand) ?? judgeScheduled(input)],
    [CONDITIONS.running, restVerdict(stand) ?? judgeRunning(input)],
    ...finalVerdicts(stand),
  ];
  return applyVerdicts(previous, verdicts, { generation, now });
}

/** What says of a job that it is not to have pods, whatever else its spec says. */
export interface Stand {
  readonly previous: PPOJobStatus;
  readonly pods: readonly Stored<Pod>[];
  readonly outcome: Outcome | null;
  readonly isSuspended: boolean;
}

function standOf({ previous, pods, judgement, job }: StatusInput): Stand {
  return { previous, pods, outcome: judgement.outcome, isSuspended: job.spec.suspend };
}

/** Of Scheduled and Running; null for a job that is to have pods. */
export function restVerdict({ outcome, isSuspended }: Stand): Verdict | null {
  if (outcome !== null) return ['False', REASONS.finished, 'the job has ended'];
  return isSuspended ? ['False', REASONS.suspended, 'the job is suspended'] : null;
}

/** Of Suspended, and of the condition that says how the job ended. */
export function finalVerdicts(stand: Stand): [ConditionType, Verdict | null][] {
  const { outcome } = stand;
  const suspended: [ConditionType, Verdict | null] = [CONDITIONS.suspended, judgeSuspended(stand)];
  if (outcome === null) return [suspended];
  return [suspended, [outcome.type, ['True', outcome.reason, outcome.message]]];
}

/** The conditions of `previous` with what is said now; null says nothing. */
export function applyVerdicts(
  previous: PPOJobStatus,
  verdicts: readonly (readonly [ConditionType, Verdict | null])[],
  { generation, now }: { readonly generation: number; readonly now: string },
): Condition[] {
  let conditions: readonly Condition[] = previous.conditions ?? [];
  for (const [type, verdict] of verdicts) {
    if (verdict === null) continue;
    const [status, reason, words] = verdict;
    const message = words.slice(0, MAX_MESSAGE_CHARACTERS);
    conditions = setCondition(conditions, { type, status, reason, message, observedGeneration: generation }, now);
  }
  return latestStageFirst(conditions);
}

function judgeScheduled(input: StatusInput): Verdict {
  const desired = countNeeded(input.job);
  const needed = input.pods.filter((pod) => isNeeded(input.job, pod));
  const live = needed.filter((pod) => pod.metadata.deletionTimestamp === undefined);
  if (live.length < desired) return ['False', REASONS.podsMissing, `${live.length} of ${desired} pods exist`];
  for (const pod of live) {
    const why = unschedulableMessage(pod, input.queueWords);
    if (why !== null) return ['False', REASONS.podsWaiting, `pod ${pod.metadata.name} has no place: ${why}`];
  }
  return ['True', REASONS.podsCreated, `${desired} pods exist`];
}

function judgeRunning(input: StatusInput): Verdict {
  const desired = countNeeded(input.job);
  const ready = input.pods.filter((pod) => isNeeded(input.job, pod) && isReady(pod)).length;
  const message = `${ready} of ${desired} pods are ready`;
  return ready >= desired ? ['True', REASONS.podsReady, message] : ['False', REASONS.podsNotReady, message];
}

/** Only jobs that were ever suspended carry the condition. */
function judgeSuspended({ previous, pods, outcome, isSuspended }: Stand): Verdict | null {
  if (outcome !== null || !isSuspended) {
    const known = findCondition(previous.conditions, CONDITIONS.suspended);
    if (known === undefined) return null;
    return ['False', REASONS.resumed, 'the job is not suspended'];
  }
  if (pods.length > 0) return ['False', REASONS.podsStopping, `${pods.length} pods are stopping`];
  const iteration = previous.progress?.lastCheckpointIteration ?? 0;
  const from = iteration > 0 ? `from the checkpoint of iteration ${iteration}` : 'from the start: it has no checkpoint';
  return ['True', REASONS.suspended, `the job's pods are gone; set spec.suspend to false to resume ${from}`];
}
