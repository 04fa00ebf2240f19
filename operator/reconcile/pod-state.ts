// What a pod's status says about the job: whether it is ready, has ended, or is broken, and with which last words. Pure;
// it refuses to know limits and what follows from a fault.

import { CONTAINERS, EXIT_CODES, LABELS, ROLE_NAMES, type RoleName } from '../api/names.ts';
import type { ContainerStatus, ContainerTerminated, Pod, Stored } from '../cluster/objects.ts';

export interface PodFault {
  readonly pod: string;
  readonly uid: string;
  readonly role: RoleName;
  /** -1 where no process ended: the pod could not be started, or was evicted. */
  readonly exitCode: number;
  /** The pod's last words. */
  readonly message: string;
  /** Whether the pod says itself that no restart helps. */
  readonly isHopeless: boolean;
}

/** Waiting reasons that no waiting mends: the pod must be replaced. */
const BROKEN_START_REASONS: ReadonlySet<string> = new Set([
  'ContainerCannotRun',
  'CreateContainerError',
  'CreateContainerConfigError',
  'InvalidImageName',
  'RunContainerError',
]);
const MAX_LAST_WORDS_CHARACTERS = 1000;

export function roleOf(pod: Pod): RoleName | null {
  const label = pod.metadata.labels?.[LABELS.role];
  return ROLE_NAMES.find((role) => role === label) ?? null;
}

export function isReady(pod: Pod): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return false;
  return (pod.status?.conditions ?? []).some((condition) => condition.type === 'Ready' && condition.status === 'True');
}

export function hasEnded(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** Why the scheduler found no place for the pod; null when it did, or has not looked yet. */
export function unschedulableMessage(pod: Pod): string | null {
  const condition = (pod.status?.conditions ?? []).find(({ type }) => type === 'PodScheduled');
  return condition?.status === 'False' ? (condition.message ?? condition.reason ?? 'unschedulable') : null;
}

/**
 * What is wrong with a pod, or null. A pod that somebody deletes is no fault, however it ends; a worker that ends well
 * by itself is one, since only the coordinator decides when the job is done.
 */
export function findFault(pod: Stored<Pod>): PodFault | null {
  const role = roleOf(pod);
  if (role === null || pod.metadata.deletionTimestamp !== undefined) return null;
  const { name, uid } = pod.metadata;
  const fault = (exitCode: number, message: string): PodFault => ({
    ...{ pod: name, uid, role, exitCode },
    message: lastWords(message),
    isHopeless: exitCode === EXIT_CODES.hopeless,
  });
  const broken = pod.status?.phase === 'Pending' ? brokenStart(pod) : null;
  if (broken !== null) return fault(-1, broken);
  if (pod.status?.phase === 'Failed') {
    const end = failedContainer(pod);
    return fault(end?.exitCode ?? -1, end?.message || pod.status.message || end?.reason || pod.status.reason || '');
  }
  if (pod.status?.phase === 'Succeeded' && role !== 'coordinator') {
    return fault(EXIT_CODES.done, 'ended although the job is not done');
  }
  return null;
}

function containerStatuses(pod: Pod): ContainerStatus[] {
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  // The worker's end explains the pod's better than its sidecar's.
  return statuses.sort((a, b) => Number(b.name === CONTAINERS.worker) - Number(a.name === CONTAINERS.worker));
}

function failedContainer(pod: Pod): ContainerTerminated | undefined {
  const ends = containerStatuses(pod).map(({ state }) => state.terminated);
  return ends.find((end) => end !== undefined && end.exitCode !== 0) ?? ends.find((end) => end !== undefined);
}

function brokenStart(pod: Pod): string | null {
  for (const { name, state } of containerStatuses(pod)) {
    const { reason, message } = state.waiting ?? {};
    if (reason !== undefined && BROKEN_START_REASONS.has(reason)) {
      return `container ${name} can't start: ${reason}${message ? `: ${message}` : ''}`;
    }
  }
  return null;
}

/** The end of what was said: the last lines tell why. */
function lastWords(message: string): string {
  const text = message.trim();
  if (text === '') return 'it left no message';
  return text.length <= MAX_LAST_WORDS_CHARACTERS ? text : `...${text.slice(3 - MAX_LAST_WORDS_CHARACTERS)}`;
}
