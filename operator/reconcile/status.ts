// The status that a job should have, from what was observed and judged. Pure; the reconciler writes it once.

import { CONDITIONS, type ConditionType, REASONS, ROLE_NAMES, type RoleName } from '../api/names.ts';
import type { LastFailure, PPOJob, PPOJobStatus, ProgressStatus, RoleStatus } from '../api/ppojob.ts';
import { formatProblems, type Problem } from '../api/problems.ts';
import { timestamp } from '../cluster/clock.ts';
import type { Condition, ConditionStatus, Pod, Stored } from '../cluster/objects.ts';
import { roleLabels } from '../plan/children.ts';
import { carrierOf } from '../plan/ports.ts';
import { computeBackoffs } from './backoff.ts';
import { findCondition, latestStageFirst, setCondition } from './conditions.ts';
import type { Judgement } from './judge.ts';
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
  readonly nowMs: number;
}

type Verdict = readonly [status: ConditionStatus, reason: string, message: string];

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

/** The status of a job whose spec is wrong: nothing runs for it, so that it may be mended. */
export function computeInvalidStatus(input: {
  readonly previous: PPOJobStatus;
  readonly generation: number;
  readonly problems: readonly Problem[];
  readonly nowMs: number;
}): PPOJobStatus {
  const { generation, nowMs, previous } = input;
  const { startTime, ...stopped } = previous;
  const isOver = previous.completionTime !== undefined;
  const message = formatProblems(input.problems, 'spec').slice(0, MAX_MESSAGE_CHARACTERS);
  let conditions: readonly Condition[] = previous.conditions ?? [];
  const turn = (type: ConditionType, text: string): void => {
    const condition = { type, reason: REASONS.invalid, message: text, observedGeneration: generation };
    conditions = setCondition(conditions, { ...condition, status: 'False' }, timestamp(nowMs));
  };
  turn(CONDITIONS.accepted, message);
  for (const type of isOver ? [] : ([CONDITIONS.scheduled, CONDITIONS.running] as const)) {
    if (findCondition(conditions, type) !== undefined) turn(type, 'the spec is not understood, so that nothing runs');
  }
  const kept = isOver && startTime !== undefined ? { ...stopped, startTime } : stopped;
  return { ...kept, observedGeneration: generation, conditions: latestStageFirst(conditions) };
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
      ready: pods.filter((pod) => carriesRole(pod, role) && isRoleReady(pod, role)).length,
      restarts: counts.program[role] ?? 0,
      ...(infrastructureRestarts > 0 && { infrastructureRestarts }),
      ...(ignoredRestarts > 0 && { ignoredRestarts }),
      ...(backoff !== undefined && { backoff }),
    };
  };
  return Object.fromEntries(ROLE_NAMES.map((role) => [role, statusOf(role)])) as Record<RoleName, RoleStatus>;
}

function computeConditions(input: StatusInput, now: string): Condition[] {
  const { generation, previous, judgement } = input;
  const message = judgement.outcome?.message.slice(0, MAX_MESSAGE_CHARACTERS) ?? '';
  const verdicts: [ConditionType, Verdict | null][] = [
    [CONDITIONS.accepted, ['True', REASONS.valid, 'the manifest passed every check']],
    [CONDITIONS.scheduled, judgeScheduled(input)],
    [CONDITIONS.running, judgeRunning(input)],
    [CONDITIONS.suspended, judgeSuspended(input)],
  ];
  if (judgement.outcome !== null) {
    verdicts.push([judgement.outcome.type, ['True', judgement.outcome.reason, message]]);
  }
  let conditions: readonly Condition[] = previous.conditions ?? [];
  for (const [type, verdict] of verdicts) {
    if (verdict === null) continue;
    const [status, reason, text] = verdict;
    conditions = setCondition(conditions, { type, status, reason, message: text, observedGeneration: generation }, now);
  }
  return latestStageFirst(conditions);
}

function endVerdict({ judgement, job }: StatusInput): Verdict | null {
  if (judgement.outcome !== null) return ['False', REASONS.finished, 'the job has ended'];
  return job.spec.suspend ? ['False', REASONS.suspended, 'the job is suspended'] : null;
}

function judgeScheduled(input: StatusInput): Verdict {
  const ended = endVerdict(input);
  if (ended !== null) return ended;
  const desired = countNeeded(input.job);
  const needed = input.pods.filter((pod) => isNeeded(input.job, pod));
  const live = needed.filter((pod) => pod.metadata.deletionTimestamp === undefined);
  if (live.length < desired) return ['False', REASONS.podsMissing, `${live.length} of ${desired} pods exist`];
  for (const pod of live) {
    const why = unschedulableMessage(pod);
    if (why !== null) return ['False', REASONS.podsMissing, `pod ${pod.metadata.name} has no place: ${why}`];
  }
  return ['True', REASONS.podsCreated, `${desired} pods exist`];
}

function judgeRunning(input: StatusInput): Verdict {
  const ended = endVerdict(input);
  if (ended !== null) return ended;
  const desired = countNeeded(input.job);
  const ready = input.pods.filter((pod) => isNeeded(input.job, pod) && isReady(pod)).length;
  const message = `${ready} of ${desired} pods are ready`;
  return ready >= desired ? ['True', REASONS.podsReady, message] : ['False', REASONS.podsNotReady, message];
}

/** Only jobs that were ever suspended carry the condition. */
function judgeSuspended({ job, pods, previous, judgement }: StatusInput): Verdict | null {
  if (judgement.outcome !== null || !job.spec.suspend) {
    const known = findCondition(previous.conditions, CONDITIONS.suspended);
    if (known === undefined) return null;
    return ['False', REASONS.resumed, 'the job is not suspended'];
  }
  if (pods.length > 0) return ['False', REASONS.suspended, `${pods.length} pods are stopping`];
  const iteration = previous.progress?.lastCheckpointIteration ?? 0;
  const from = iteration > 0 ? `from the checkpoint of iteration ${iteration}` : 'from the start: it has no checkpoint';
  return ['True', REASONS.suspended, `the job's pods are gone; set spec.suspend to false to resume ${from}`];
}
