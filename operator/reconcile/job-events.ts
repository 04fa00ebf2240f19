// Which events a status write is worth: what a user wants to read in `kubectl describe`, once each. Pure.

import { CONDITIONS, REASONS, STAGES_LATEST_FIRST } from '../api/names.ts';
import type { PPOJob, PPOJobStatus } from '../api/ppojob.ts';
import type { EventMessage } from '../cluster/event-recorder.ts';
import type { Condition } from '../cluster/objects.ts';
import { findCondition } from './conditions.ts';
import { describeFault, type Judgement } from './judge.ts';

/** Conditions whose turning is news, and when. */
const NEWS: Readonly<Record<string, readonly Condition['status'][]>> = {
  [CONDITIONS.accepted]: ['False'],
  [CONDITIONS.scheduled]: ['True'],
  [CONDITIONS.running]: ['True'],
  [CONDITIONS.suspended]: ['True', 'False'],
  [CONDITIONS.succeeded]: ['True'],
  [CONDITIONS.failed]: ['True'],
};
const WARNINGS: ReadonlySet<string> = new Set([REASONS.invalid]);

export function conditionEvents(previous: PPOJobStatus, next: PPOJobStatus): EventMessage[] {
  return STAGES_LATEST_FIRST.toReversed().flatMap((type): EventMessage[] => {
    const condition = findCondition(next.conditions, type);
    if (condition === undefined) return [];
    const known = findCondition(previous.conditions, condition.type);
    const isSame = known?.status === condition.status && known.reason === condition.reason;
    if (isSame || !NEWS[condition.type]?.includes(condition.status)) return [];
    const isWarning = condition.type === CONDITIONS.failed || WARNINGS.has(condition.reason);
    return [{ type: isWarning ? 'Warning' : 'Normal', reason: condition.reason, message: condition.message }];
  });
}

export function restartEvents(job: PPOJob, next: PPOJobStatus, judgement: Judgement): EventMessage[] {
  return judgement.newFaults.map((fault) => {
    const { restarts } = next.roles?.[fault.role] ?? { restarts: 0 };
    const limit = `restart ${restarts} of at most ${job.spec.roles[fault.role].maxRestarts} of role ${fault.role}`;
    return { type: 'Warning', reason: REASONS.podRestarted, message: `${describeFault(fault)}; ${limit}` };
  });
}
