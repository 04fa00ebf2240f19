/**
 * The objects and marks by which schedulers are told that pods belong together, one convention per scheduler. Knows how
 * to say it, and neither which pods belong together nor what the server has.
 */
import type { ResourceKind } from '../cluster/cluster.ts';
import type { KubernetesObject, Pod, Stored } from '../cluster/objects.ts';

/** A PodGroup of any scheduler: they share a kind's name and little else. */
export interface PodGroup extends KubernetesObject {
  readonly spec: Readonly<Record<string, unknown>>;
}

/** How many pods of each role belong together, all of them before any. */
export interface GangSize {
  readonly byRole: Readonly<Record<string, number>>;
  readonly total: number;
}

/** One scheduler's convention. */
export interface GangConvention {
  /** Versions of its PodGroup, the best first; none where pods carry all that it reads. */
  readonly kinds: readonly ResourceKind<PodGroup>[];
  /** Who reads the marks, where it isn't the cluster's default scheduler. */
  readonly schedulerName?: string;
  readonly groupSpec: (size: GangSize, options: GroupOptions) => PodGroup['spec'];
  /** Pods that the group waits for, as the group says. */
  readonly groupSize: (group: PodGroup) => number | undefined;
  /** Marks a pod as one of the group. */
  readonly mark: (pod: Pod, group: GroupMark) => Pod;
  /** Marks a pod that belongs to the job and not to its group. */
  readonly markOther?: (pod: Pod, group: GroupMark) => Pod;
}

export interface GroupOptions {
  readonly kind: ResourceKind<PodGroup>;
  readonly queue: string | undefined;
  /** Of all pods of the job. */
  readonly priorityClassName: string | undefined;
}

export interface GroupMark {
  readonly group: string;
  /** The pod's role, or what stands for it. */
  readonly task: string;
  readonly size: GangSize;
  readonly queue: string | undefined;
}

function podGroups(apiVersion: string): ResourceKind<PodGroup> {
  return { apiVersion, kind: 'PodGroup', plural: 'podgroups', hasStatus: true };
}

function withLabels(pod: Pod, labels: Readonly<Record<string, string>>): Pod {
  return { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, ...labels } } };
}

function withAnnotations(pod: Pod, annotations: Readonly<Record<string, string>>): Pod {
  return { ...pod, metadata: { ...pod.metadata, annotations: { ...pod.metadata.annotations, ...annotations } } };
}

function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** Of Kubernetes 1.36; its policy can't be changed once it is made. */
export const FIXED_NATIVE_GROUPS = podGroups('scheduling.k8s.io/v1alpha2');

/**
 * Kubernetes itself, from 1.36 on, where the server is asked to serve it. What is used of it is the same in all versions
 * so far; topology constraints are not used, since no client can see whether they are switched on.
 */
const kubernetes: GangConvention = {
  kinds: [podGroups('scheduling.k8s.io/v1beta1'), podGroups('scheduling.k8s.io/v1alpha3'), FIXED_NATIVE_GROUPS],
  groupSpec: ({ total }, { kind, priorityClassName }) => ({
    schedulingPolicy: { gang: { minCount: total } },
    // The scheduler compares groups by their own priority, and they had none at first.
    ...(priorityClassName !== undefined && kind !== FIXED_NATIVE_GROUPS && { priorityClassName }),
  }),
  groupSize: ({ spec }) => {
    const policy = spec.schedulingPolicy as { gang?: { minCount?: unknown } } | undefined;
    return asNumber(policy?.gang?.minCount);
  },
  mark: (pod, { group }) => ({ ...pod, spec: { ...pod.spec, schedulingGroup: { podGroupName: group } } }),
};

const volcano: GangConvention = {
  kinds: [podGroups('scheduling.volcano.sh/v1beta1')],
  schedulerName: 'volcano',
  groupSpec: ({ total, byRole }, { queue, priorityClassName }) => ({
    minMember: total,
    minTaskMember: byRole,
    ...(queue !== undefined && { queue }),
    ...(priorityClassName !== undefined && { priorityClassName }),
  }),
  groupSize: ({ spec }) => asNumber(spec.minMember),
  mark: (pod, { group, task }) =>
    withAnnotations(pod, { 'scheduling.k8s.io/group-name': group, 'volcano.sh/task-spec': task }),
};

const schedulerPlugins: GangConvention = {
  kinds: [podGroups('scheduling.x-k8s.io/v1alpha1')],
  schedulerName: 'scheduler-plugins-scheduler',
  groupSpec: ({ total }) => ({ minMember: total }),
  groupSize: ({ spec }) => asNumber(spec.minMember),
  mark: (pod, { group }) => withLabels(pod, { 'scheduling.x-k8s.io/pod-group': group }),
};

/** Kueue's names on pods. */
export const KUEUE = {
  queueLabel: 'kueue.x-k8s.io/queue-name',
  groupLabel: 'kueue.x-k8s.io/pod-group-name',
  totalCount: 'kueue.x-k8s.io/pod-group-total-count',
  /** Its webhook's: the pod stays until Kueue has seen it go. */
  finalizer: 'kueue.x-k8s.io/managed',
  /** "false" on any pod: when the last one has ended, nobody replaces any, and the group's quota is free. */
  retriable: 'kueue.x-k8s.io/retriable-in-group',
} as const;

/** Kueue's plain pod groups: it gates the pods until its queue admits all of them. The size of a group never changes. */
const kueue: GangConvention = {
  kinds: [],
  groupSpec: () => ({}),
  groupSize: () => undefined,
  mark: (pod, { group, size, queue = '' }) =>
    withAnnotations(withLabels(pod, { [KUEUE.queueLabel]: queue, [KUEUE.groupLabel]: group }), {
      [KUEUE.totalCount]: String(size.total),
    }),
  // A workload of one pod: the queue's quota counts for it too.
  markOther: (pod, { queue = '' }) => withLabels(pod, { [KUEUE.queueLabel]: queue }),
};

export const GANG_CONVENTIONS = {
  Kubernetes: kubernetes,
  Volcano: volcano,
  SchedulerPlugins: schedulerPlugins,
  Kueue: kueue,
};
export type GangProvider = keyof typeof GANG_CONVENTIONS;

/** Every version of every PodGroup that the operator may write. */
export const POD_GROUP_KINDS: readonly ResourceKind<PodGroup>[] = Object.values(GANG_CONVENTIONS).flatMap(
  ({ kinds }) => kinds,
);

export type StoredPodGroup = Stored<PodGroup>;
