// What a pod's status says in a word: whose it is, whether it is ready, has ended, waits for a place. Pure; it refuses to
// know faults, limits and what follows from either.

import { COLOCATED, CONTAINERS, LABELS, ROLE_NAMES, type RoleName } from '../api/names.ts';
import type { ContainerStatus, Pod, PodCondition } from '../cluster/objects.ts';
import { KUEUE } from '../plan/pod-groups.ts';

export function roleOf(pod: Pod): RoleName | null {
  const label = pod.metadata.labels?.[LABELS.role];
  return ROLE_NAMES.find((role) => role === label) ?? null;
}

/** The pods of a job that are alike: those of one role, or those that several roles share. Null for nobody's pod. */
export function groupOf(pod: Pod): string | null {
  const label = pod.metadata.labels?.[LABELS.role];
  return label === COLOCATED ? COLOCATED : roleOf(pod);
}

/** Whether the pod carries the role, alone or with others: then its containers are named after their roles. */
export function carriesRole(pod: Pod, role: RoleName): boolean {
  const group = groupOf(pod);
  return group === role || (group === COLOCATED && pod.spec.containers.some(({ name }) => name === role));
}

/** Whether the role's part of the pod is ready. */
export function isRoleReady(pod: Pod, role: RoleName): boolean {
  if (groupOf(pod) !== COLOCATED) return isReady(pod);
  const container = (pod.status?.containerStatuses ?? []).find(({ name }) => name === role);
  return pod.metadata.deletionTimestamp === undefined && container?.ready === true;
}

export function isReady(pod: Pod): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return false;
  return (pod.status?.conditions ?? []).some((condition) => condition.type === 'Ready' && condition.status === 'True');
}

export function hasEnded(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** Whether this is the coordinator, and the job is done: sidecars that others have put into its pod may still run. */
export function hasFinished(pod: Pod): boolean {
  if (roleOf(pod) !== 'coordinator') return false;
  return pod.status?.phase === 'Succeeded' || findEndedWithin(pod)?.state.terminated?.exitCode === 0;
}

/** A container of ours that has ended in a pod where another one runs: first one that ended badly. */
export function findEndedWithin(pod: Pod): ContainerStatus | undefined {
  const statuses = pod.status?.containerStatuses ?? [];
  if (pod.status?.phase !== 'Running' || !statuses.some(({ state }) => state.running !== undefined)) return undefined;
  const names: readonly string[] = [CONTAINERS.worker, ...ROLE_NAMES];
  const ended = statuses.filter(({ name, state }) => names.includes(name) && state.terminated !== undefined);
  return ended.find(({ state }) => state.terminated?.exitCode !== 0) ?? ended[0];
}

/** The queue of Kueue's in which the pod waits with its group; null where it doesn't. */
export function queueOf(pod: Pod): string | null {
  const { labels = {} } = pod.metadata;
  const condition = (pod.status?.conditions ?? []).find(({ type }) => type === 'PodScheduled');
  const isGated = condition?.status === 'False' && condition.reason === 'SchedulingGated';
  return isGated && labels[KUEUE.groupLabel] !== undefined ? (labels[KUEUE.queueLabel] ?? null) : null;
}

/** Why the pod has no place; null when it has, or nobody has looked yet. `queueWords` are Kueue's on its group. */
export function unschedulableMessage(pod: Pod, queueWords: string | null = null): string | null {
  const queue = queueOf(pod);
  if (queue !== null) return `it waits in Kueue's queue ${queue}${queueWords === null ? '' : `: ${queueWords}`}`;
  const condition = (pod.status?.conditions ?? []).find(({ type }) => type === 'PodScheduled');
  return condition?.status === 'False' ? (condition.message ?? condition.reason ?? 'unschedulable') : null;
}

/** The node's word that it has not set up the pod's volumes and network, without which no container starts. */
export function unpreparedCondition({ metadata, spec, status }: Pod): PodCondition | null {
  const isComing =
    metadata.deletionTimestamp === undefined && spec.nodeName !== undefined && status?.phase === 'Pending';
  if (!isComing) return null;
  const condition = (status.conditions ?? []).find(({ type }) => type === 'PodReadyToStartContainers');
  return condition?.status === 'False' ? condition : null;
}

/** The scheduler's word that no node has room. A pod that waits at a gate, for its gang or its quota, is no such pod. */
export function unschedulableCondition(pod: Pod): PodCondition | null {
  if (pod.metadata.deletionTimestamp !== undefined) return null;
  const condition = (pod.status?.conditions ?? []).find(({ type }) => type === 'PodScheduled');
  return condition?.status === 'False' && condition.reason === 'Unschedulable' ? condition : null;
}
