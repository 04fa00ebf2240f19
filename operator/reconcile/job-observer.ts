// What the reconciler tells of jobs to whoever measures: each thing once, after the status that holds it is written. Pure
// but for the telling; it refuses to know metrics.

import { CONDITIONS } from '../api/names.ts';
import type { PPOJobStatus } from '../api/ppojob.ts';
import type { Pod, Stored } from '../cluster/objects.ts';
import { findCondition } from './conditions.ts';
import { groupOf } from './pod-state.ts';
import type { PPOJobObject } from './ppojob-kind.ts';
import type { Restart } from './restarts.ts';

/**
 * Why a pod was replaced.
 * - `program`: it failed by itself.
 * - `infrastructure`: it was taken away.
 * - `ignored`: it failed, and the failure policy ignores that.
 * - `gang`: a rank that it trains with failed.
 * - `job`: a pod failed, and all pods of the job are replaced.
 */
export const RESTART_CAUSES = ['program', 'infrastructure', 'ignored', 'gang', 'job'] as const;
export type RestartCause = (typeof RESTART_CAUSES)[number];

/** A stage that a job has reached for the first time. */
export type Milestone = 'scheduled' | 'running';

export interface JobObserver {
  /** `list` gives the jobs of this operator; null while it doesn't know them all. */
  onStart(list: () => readonly PPOJobObject[] | null): void;
  onMilestone(milestone: Milestone, sinceCreationMs: number): void;
  /** `role`: a role's name, or the word for those that share a pod. */
  onPodReplaced(role: string, cause: RestartCause): void;
}

export const NO_JOB_OBSERVER: JobObserver = { onStart: () => {}, onMilestone: () => {}, onPodReplaced: () => {} };

/** What a status write has made true. */
export interface StatusChange {
  readonly previous: PPOJobStatus;
  readonly next: PPOJobStatus;
  readonly creationTimestamp: string;
  readonly restarts: readonly Restart[];
  /** As they stood when the restarts were decided. */
  readonly pods: readonly Stored<Pod>[];
  readonly nowMs: number;
}

export function tell(observer: JobObserver, change: StatusChange): void {
  const { previous, next, nowMs } = change;
  const ageMs = Math.max(0, nowMs - Date.parse(change.creationTimestamp));
  if (isFirst(CONDITIONS.scheduled, previous, next)) observer.onMilestone('scheduled', ageMs);
  if (isFirst(CONDITIONS.running, previous, next)) observer.onMilestone('running', ageMs);
  for (const restart of change.restarts) tellRestart(observer, restart, change.pods);
}

/** A condition that held before has turned since the job was accepted. */
function isFirst(type: string, previous: PPOJobStatus, next: PPOJobStatus): boolean {
  if (findCondition(next.conditions, type)?.status !== 'True') return false;
  const before = findCondition(previous.conditions, type);
  const accepted = findCondition(previous.conditions, CONDITIONS.accepted);
  if (before === undefined || accepted === undefined) return true;
  return before.status === 'False' && before.lastTransitionTime <= accepted.lastTransitionTime;
}

/** The pod that is told of counts as the status counts it; those that go with it count apart. */
function tellRestart(observer: JobObserver, restart: Restart, pods: readonly Stored<Pod>[]): void {
  const { role, scope, faults, uids, count } = restart;
  observer.onPodReplaced(role, COUNTED_AS[count]);
  const others = new Set(uids);
  others.delete(faults[0].uid);
  for (const pod of pods) {
    if (others.has(pod.metadata.uid)) observer.onPodReplaced(groupOf(pod) ?? '', scope === 'Job' ? 'job' : 'gang');
  }
}

const COUNTED_AS = {
  Program: 'program',
  Infrastructure: 'infrastructure',
  Ignored: 'ignored',
} as const satisfies Record<Restart['count'], RestartCause>;
