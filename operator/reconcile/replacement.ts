// When pods may be made: not while those that they replace together are still going, nor before their role's back-off has
// passed. Pure.

import { COLOCATED, ROLE_NAMES, type RoleName } from '../api/names.ts';
import type { PPOJob, PPOJobStatus } from '../api/ppojob.ts';
import type { Pod, Stored } from '../cluster/objects.ts';
import { backoffLeftMs } from './backoff.ts';
import { isGang } from './failure-policy.ts';
import { groupOf } from './pod-state.ts';
import type { Restart } from './restarts.ts';

export interface ReplacementInput {
  readonly job: PPOJob;
  readonly status: PPOJobStatus;
  readonly pods: readonly Stored<Pod>[];
  readonly nowMs: number;
  /** Decided now, and not in the status yet. */
  readonly restarts: readonly Restart[];
}

/**
 * Groups whose pods may not be made yet. Ranks that train together start together, and so does a job that was suspended
 * or is restarted: otherwise some of them would meet those of before.
 */
export function findHeldGroups({ job, status, pods, nowMs, restarts }: ReplacementInput): ReadonlySet<string> {
  const replaced = new Set([...(status.replacing ?? []), ...restarts.flatMap(({ uids }) => uids)]);
  const isGoing = (pod: Stored<Pod>): boolean =>
    pod.metadata.deletionTimestamp !== undefined || replaced.has(pod.metadata.uid);
  const isWholeJobGoing = pods.length > 0 && pods.every(isGoing);
  const isHeld = (group: string): boolean =>
    isWholeJobGoing ||
    groupBackoffMs(status, group, nowMs) > 0 ||
    (isGang(job, group) && pods.some((pod) => groupOf(pod) === group && isGoing(pod)));
  return new Set([...ROLE_NAMES, COLOCATED].filter(isHeld));
}

function groupBackoffMs({ roles }: PPOJobStatus, group: string, nowMs: number): number {
  const members: readonly RoleName[] = ROLE_NAMES.filter((role) =>
    group === COLOCATED ? role !== 'coordinator' : role === group,
  );
  return Math.max(...members.map((role) => backoffLeftMs(roles?.[role]?.backoff, nowMs)));
}
