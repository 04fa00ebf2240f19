/** Which containers of a job's pods a log is wanted of. Pure. */
import { COLOCATED, LABELS, ROLE_NAMES, type RoleName } from '../api/names.ts';
import type { Pod, Stored } from '../cluster/objects.ts';
import { carriesRole, groupOf } from '../reconcile/pod-state.ts';

export interface LogSelection {
  readonly role: RoleName | null;
  readonly index: number | null;
  readonly container: string | null;
}

export interface PodContainer {
  readonly pod: Stored<Pod>;
  readonly container: string;
}

/** In the order of roles, then of ranks. */
export function selectContainers(pods: readonly Stored<Pod>[], selection: LogSelection): PodContainer[] {
  const rank = (pod: Pod): number => ROLE_NAMES.findIndex((role) => carriesRole(pod, role));
  return pods
    .filter((pod) => isSelected(pod, selection))
    .toSorted((a, b) => rank(a) - rank(b) || indexOf(a) - indexOf(b))
    .flatMap((pod) => containersOf(pod, selection).map((container) => ({ pod, container })));
}

/** Containers that the pods have, for a message about one that they don't. */
export function containerNames(pods: readonly Pod[]): string[] {
  return [...new Set(pods.flatMap(allContainers))].sort();
}

/** Whether a name alone says which lines these are. */
export function titleOf({ pod, container }: PodContainer, { container: asked }: LogSelection): string {
  const isOnlyOne = asked === null && groupOf(pod) !== COLOCATED;
  return isOnlyOne ? pod.metadata.name : `${pod.metadata.name}/${container}`;
}

function isSelected(pod: Pod, { role, index }: LogSelection): boolean {
  return (role === null || carriesRole(pod, role)) && (index === null || indexOf(pod) === index);
}

function indexOf(pod: Pod): number {
  return Number(pod.metadata.labels?.[LABELS.index] ?? 0);
}

/** The workers; of a pod that several roles share, each has a container named after its role. */
function containersOf(pod: Pod, { role, container }: LogSelection): string[] {
  if (container !== null) return allContainers(pod).filter((name) => name === container);
  const names = pod.spec.containers.map(({ name }) => name);
  if (groupOf(pod) !== COLOCATED) return names.slice(0, 1);
  return names.filter((name) => (role === null ? (ROLE_NAMES as readonly string[]).includes(name) : name === role));
}

function allContainers({ spec }: Pod): string[] {
  return [...(spec.initContainers ?? []), ...spec.containers].map(({ name }) => name);
}
