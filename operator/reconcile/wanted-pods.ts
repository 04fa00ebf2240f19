// Which of a job's pods its spec still asks for, and whether those that work for the coordinator have started at all. Pure.

import { COLOCATED, LABELS, ROLE_NAMES } from '../api/names.ts';
import type { PPOJob } from '../api/ppojob.ts';
import type { Pod, Stored } from '../cluster/objects.ts';
import { isElastic, waitedForReplicas } from '../plan/gang.ts';
import { groupOf } from './pod-state.ts';

/** Pods of a group that the job asks for. */
function countWanted({ spec }: PPOJob, group: string): number {
  const isColocated = spec.placement.mode === 'Colocated';
  if (group === COLOCATED) return isColocated ? spec.roles.actor.replicas : 0;
  const role = ROLE_NAMES.find((name) => name === group);
  if (role === undefined || (isColocated && role !== 'coordinator')) return 0;
  return spec.roles[role].replicas;
}

/** False for pods beyond the replicas of their role, after it was scaled down. */
export function isWanted(job: PPOJob, pod: Pod): boolean {
  const group = groupOf(pod);
  return group !== null && Number(pod.metadata.labels?.[LABELS.index] ?? 0) < countWanted(job, group);
}

/** False for what the job starts and trains without: generation replicas beyond those that it waits for. */
export function isNeeded(job: PPOJob, pod: Pod): boolean {
  const index = Number(pod.metadata.labels?.[LABELS.index] ?? 0);
  return isWanted(job, pod) && !isElastic(job, { role: groupOf(pod) ?? '', index });
}

/** Pods that the job can't do without. */
export function countNeeded(job: PPOJob): number {
  const surplus = job.spec.roles.generation.replicas - waitedForReplicas(job);
  return [...ROLE_NAMES, COLOCATED].reduce((sum, group) => sum + countWanted(job, group), 0) - surplus;
}

/** Whether a worker doesn't exist, or has not been started by any node. */
export function isStarved(job: PPOJob, pods: readonly Stored<Pod>[]): boolean {
  const workers = pods.filter((pod) => groupOf(pod) !== 'coordinator' && isNeeded(job, pod));
  return (
    workers.length < countNeeded(job) - countWanted(job, 'coordinator') ||
    workers.some(({ status }) => (status?.phase ?? 'Pending') === 'Pending')
  );
}
