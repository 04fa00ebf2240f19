// The status of a job whose spec is not understood: that it isn't, and what may be said of the job all the same. Pure; it
// refuses to know what is done about it.

import { CONDITIONS, type ConditionType, REASONS, type RoleName } from '../api/names.ts';
import type { PPOJobStatus, ProgressStatus, RoleStatus } from '../api/ppojob.ts';
import { formatProblems, type Problem } from '../api/problems.ts';
import { timestamp } from '../cluster/clock.ts';
import { findCondition } from './conditions.ts';
import { applyVerdicts, countReady, finalVerdicts, restVerdict, type Stand, type Verdict } from './status.ts';

export interface InvalidStatusInput extends Stand {
  readonly generation: number;
  readonly problems: readonly Problem[];
  /** Null while the coordinator has said nothing. */
  readonly progress: ProgressStatus | null;
  readonly nowMs: number;
}

export function computeInvalidStatus(input: InvalidStatusInput): PPOJobStatus {
  const { generation, previous, pods, outcome, isSuspended, progress } = input;
  const now = timestamp(input.nowMs);
  const { startTime, ...kept } = previous;
  // Without pods nothing holds the spec to what they are made from: every field may be mended.
  const hasStarted = startTime !== undefined && (outcome !== null || (pods.length > 0 && !isSuspended));
  return {
    ...kept,
    observedGeneration: generation,
    ...(hasStarted && { startTime }),
    ...(outcome !== null && { completionTime: previous.completionTime ?? now }),
    conditions: applyVerdicts(previous, verdictsOf(input), { generation, now }),
    ...(previous.roles !== undefined && { roles: readyRoles(previous.roles, pods) }),
    ...(progress !== null && { progress }),
  };
}

function verdictsOf(input: InvalidStatusInput): [ConditionType, Verdict | null][] {
  const { previous, pods, problems } = input;
  const rest = restVerdict(input);
  const isLeftAlone = rest === null && pods.length > 0;
  const found = formatProblems(problems, 'spec');
  const message = isLeftAlone ? `${LEFT_ALONE}; ${found}` : found;
  const stage: Verdict = rest ?? (isLeftAlone ? ['Unknown', REASONS.invalid, LEFT_ALONE] : NOTHING_RUNS);
  const known = (type: ConditionType): Verdict | null =>
    findCondition(previous.conditions, type) === undefined ? null : stage;
  return [
    [CONDITIONS.accepted, ['False', REASONS.invalid, message]],
    [CONDITIONS.scheduled, known(CONDITIONS.scheduled)],
    [CONDITIONS.running, known(CONDITIONS.running)],
    ...finalVerdicts(input),
  ];
}

const LEFT_ALONE = 'the spec is not understood; the pods are left as they are until it is corrected';
const NOTHING_RUNS: Verdict = ['False', REASONS.invalid, 'the spec is not understood, so that nothing is started'];

/** What is desired is what was desired last. */
function readyRoles(
  roles: NonNullable<PPOJobStatus['roles']>,
  pods: Stand['pods'],
): NonNullable<PPOJobStatus['roles']> {
  const entries = Object.entries(roles) as [RoleName, RoleStatus][];
  return Object.fromEntries(entries.map(([role, status]) => [role, { ...status, ready: countReady(pods, role) }]));
}
