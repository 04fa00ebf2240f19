/**
 * All pods of a job or none: which of its pods belong together, and how the scheduler in charge is told. Pure; what the
 * server has, and what is there already, it is given.
 */

import { ROLE_NAMES } from '../api/names.ts';
import type { PPOJob } from '../api/ppojob.ts';
import type { ResourceKind } from '../cluster/cluster.ts';
import type { Pod } from '../cluster/objects.ts';
import { childMeta } from './children.ts';
import {
  FIXED_NATIVE_GROUPS,
  GANG_CONVENTIONS,
  type GangProvider,
  type GangSize,
  type PodGroup,
  type StoredPodGroup,
} from './pod-groups.ts';
import { carrierOf, isColocated } from './ports.ts';

/** Who keeps the job's pods together. */
export interface Gang {
  readonly provider: GangProvider;
  /** Null where the pods carry all that it reads. */
  readonly kind: ResourceKind<PodGroup> | null;
}

/**
 * The gang of a job; null where each pod is placed by itself. `serves` tells what the server has, `pods` are those that
 * exist. A server that gets or loses PodGroups doesn't change what a running job has begun: a pod without the mark would
 * be missing from its group for ever.
 */
export function chooseGang(
  job: PPOJob,
  serves: (kind: ResourceKind<PodGroup>) => boolean,
  pods: readonly Pod[],
): Gang | null {
  const { gang: mode } = job.spec.scheduling;
  if (mode === 'None') return null;
  if (mode !== 'Auto') return gangOf(mode, serves);
  const native = gangOf('Kubernetes', serves);
  if (pods.length > 0) return pods.some(({ spec }) => spec.schedulingGroup !== undefined) ? native : null;
  return native.kind !== null && serves(native.kind) ? native : null;
}

/** With the best version that is served. Where none is, the best of all: the server's refusal says what is missing. */
function gangOf(provider: GangProvider, serves: (kind: ResourceKind<PodGroup>) => boolean): Gang {
  const { kinds } = GANG_CONVENTIONS[provider];
  return { provider, kind: kinds.find(serves) ?? kinds[0] ?? null };
}

/** What planning needs to know of the gang beyond the job. */
export interface GangState {
  readonly gang: Gang;
  /** The job's PodGroup as it stands. */
  readonly group: StoredPodGroup | null;
}

/**
 * Kueue knows a group by its name alone. Pods of a job that comes right after another one of its name would be taken for
 * that one's, have its admission one by one, and lose it with its last pod.
 */
function groupName({ metadata: { name, uid = '' } }: PPOJob, provider: GangProvider): string {
  return provider === 'Kueue' ? `${name}-${uid.slice(0, 8)}` : name;
}

/** Pods of each carrier, all generation replicas among them. */
function countPods(job: PPOJob): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const role of ROLE_NAMES) counts[carrierOf(job, role)] = job.spec.roles[role].replicas;
  return counts;
}

/**
 * How many belong together. Without `minGenerationReplicas` all do at first; replicas that are added later come one by
 * one, as there is room, so the group keeps its size when the job grows, and gives way when it shrinks.
 */
export function sizeGang(job: PPOJob, { gang, group }: GangState): GangSize {
  const counts = countPods(job);
  const sizeOf = (generation: number | undefined): GangSize => {
    const byRole = generation === undefined ? counts : { ...counts, generation };
    return { byRole, total: Object.values(byRole).reduce((sum, count) => sum + count, 0) };
  };
  if (isColocated(job)) return sizeOf(undefined);
  const { minGenerationReplicas: least } = job.spec.scheduling;
  if (least !== undefined) return sizeOf(least);
  const all = sizeOf(undefined);
  const standing = group === null ? undefined : GANG_CONVENTIONS[gang.provider].groupSize(group);
  const isFixed = gang.kind === FIXED_NATIVE_GROUPS;
  if (standing === undefined || (standing > all.total && !isFixed)) return all;
  return sizeOf((counts.generation as number) - (all.total - standing));
}

export function buildPodGroup(job: PPOJob, state: GangState): PodGroup | null {
  const { provider, kind } = state.gang;
  if (kind === null) return null;
  const { groupSpec } = GANG_CONVENTIONS[provider];
  return {
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    metadata: childMeta(job, groupName(job, provider)),
    spec: groupSpec(sizeGang(job, state), {
      kind,
      queue: job.spec.scheduling.queue,
      priorityClassName: job.spec.podTemplate?.priorityClassName,
    }),
  };
}

/** Generation replicas without which the job doesn't start. */
export function waitedForReplicas({ spec }: PPOJob): number {
  return spec.scheduling.minGenerationReplicas ?? spec.roles.generation.replicas;
}

/** Generation replicas beyond those that the job waits for are nobody's company. */
export function isElastic(job: PPOJob, pod: { readonly role: string; readonly index: number }): boolean {
  const { minGenerationReplicas: least } = job.spec.scheduling;
  return least !== undefined && pod.role === 'generation' && pod.index >= least;
}

/** `pod` as the scheduler in charge knows it. */
export function joinGang(pod: Pod, job: PPOJob, member: { role: string; index: number; state: GangState | null }): Pod {
  const { schedulerName: chosen, queue } = job.spec.scheduling;
  const convention = member.state === null ? null : GANG_CONVENTIONS[member.state.gang.provider];
  const schedulerName = chosen ?? convention?.schedulerName;
  const scheduled = schedulerName === undefined ? pod : { ...pod, spec: { ...pod.spec, schedulerName } };
  if (member.state === null || convention === null) return scheduled;
  const { provider } = member.state.gang;
  const mark = { group: groupName(job, provider), task: member.role, size: sizeGang(job, member.state), queue };
  // Volcano counts by role, so that all may belong to the group and the surplus still comes later.
  const isMember = !isElastic(job, member) || provider === 'Volcano';
  return isMember ? convention.mark(scheduled, mark) : (convention.markOther?.(scheduled, mark) ?? scheduled);
}

/**
 * The pods to have now: the surplus waits until all that belong together have a place, or it might take the place of one
 * of them. A pod that exists stays.
 */
export function admitPods(o: {
  readonly wanted: readonly Pod[];
  readonly isSurplus: (pod: Pod) => boolean;
  readonly existing: readonly Pod[];
}): Pod[] {
  const existing = new Map(o.existing.map((pod) => [pod.metadata.name, pod]));
  const isPlaced = (pod: Pod): boolean => existing.get(pod.metadata.name)?.spec.nodeName !== undefined;
  const isWhole = o.wanted.every((pod) => o.isSurplus(pod) || isPlaced(pod));
  return o.wanted.filter((pod) => isWhole || !o.isSurplus(pod) || existing.has(pod.metadata.name));
}
