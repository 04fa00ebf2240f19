// Lists of conditions, by Kubernetes' rules: one per type, the transition time moves only when the status changes.

import { type ConditionType, STAGES_LATEST_FIRST } from '../api/names.ts';
import type { Condition } from '../cluster/objects.ts';

export type NewCondition = Omit<Condition, 'lastTransitionTime'>;

export function findCondition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/** Those that hold come first, of these the latest stage: the first one is the job's status in a word. */
export function latestStageFirst(conditions: readonly Condition[]): Condition[] {
  const rank = ({ type, status }: Condition): number =>
    STAGES_LATEST_FIRST.indexOf(type as ConditionType) + (status === 'True' ? 0 : STAGES_LATEST_FIRST.length);
  return conditions.toSorted((a, b) => rank(a) - rank(b));
}

/** `conditions` with `next` in place of the one of its type, or at the end. */
export function setCondition(conditions: readonly Condition[], next: NewCondition, now: string): Condition[] {
  const known = findCondition(conditions, next.type);
  const lastTransitionTime = known?.status === next.status ? known.lastTransitionTime : now;
  const condition: Condition = { ...next, lastTransitionTime };
  if (known === undefined) return [...conditions, condition];
  return conditions.map((other) => (other === known ? condition : other));
}
