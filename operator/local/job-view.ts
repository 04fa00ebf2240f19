/**
 * What the views show of a job, taken from the job and its pods as they lie in the cluster. Pure; draws nothing.
 */
import { COLOCATED, CONDITIONS, LABELS, ROLE_NAMES, type RoleName, STAGES_LATEST_FIRST } from '../api/names.ts';
import type { LastFailure, PPOJobStatus, ProgressStatus } from '../api/ppojob.ts';
import type { Condition, ContainerStatus, KubernetesObject, Pod } from '../cluster/objects.ts';
import { carriesRole, groupOf } from '../reconcile/pod-state.ts';

/**
 * Waiting: nothing of it runs yet. Starting: processes run, not ready. Ready. Stopping: asked to end. Ended: with exit
 * code 0. Failed.
 */
export type PodState = 'Waiting' | 'Starting' | 'Ready' | 'Stopping' | 'Ended' | 'Failed';

export interface PodView {
  readonly name: string;
  readonly state: PodState;
  /** The main container's process id, while it runs; null where it is no process of this machine. */
  readonly pid: string | null;
  /** The node of a container in a cluster, while it runs. */
  readonly node: string | null;
  /** Its sidecars, by name, with the times they were restarted. */
  readonly sidecars: readonly { readonly name: string; readonly isReady: boolean; readonly restarts: number }[];
  /** Why it failed; empty otherwise. */
  readonly message: string;
}

export interface RoleView {
  readonly role: RoleName;
  readonly pods: readonly PodView[];
  readonly desired: number;
  readonly restarts: number;
}

export interface JobView {
  readonly name: string;
  /** The condition that matters most now; null before the first. */
  readonly condition: Condition | null;
  /** The stage that it comes to next and has not reached yet; null where nothing is known of one. */
  readonly pending: Condition | null;
  readonly progress: ProgressStatus | null;
  readonly roles: readonly RoleView[];
  readonly lastFailure: LastFailure | null;
}

export interface ObservedJob extends KubernetesObject {
  readonly status?: PPOJobStatus;
}

export function buildJobView(job: ObservedJob, pods: readonly Pod[]): JobView {
  const { status } = job;
  const condition = currentCondition(status?.conditions ?? []);
  return {
    name: job.metadata.name,
    condition,
    pending: pendingCondition(condition, status?.conditions ?? []),
    progress: status?.progress ?? null,
    roles: ROLE_NAMES.map((role) => buildRoleView(role, pods, status)),
    lastFailure: status?.lastFailure ?? null,
  };
}

/** Whether the job has reached a condition that it never leaves: its end, or that it is not accepted. */
export function isFinal(condition: Condition | null): boolean {
  if (condition === null) return false;
  return isRefusal(condition) || condition.type === CONDITIONS.succeeded || condition.type === CONDITIONS.failed;
}

const NEXT_STAGE: ReadonlyMap<string, string> = new Map([
  [CONDITIONS.accepted, CONDITIONS.scheduled],
  [CONDITIONS.scheduled, CONDITIONS.running],
]);

function isRefusal({ type, status }: Condition): boolean {
  return type === CONDITIONS.accepted && status === 'False';
}

function currentCondition(conditions: readonly Condition[]): Condition | null {
  for (const type of STAGES_LATEST_FIRST) {
    const condition = conditions.find((c) => c.type === type && c.status === 'True');
    if (condition) return condition;
  }
  return conditions.find(isRefusal) ?? null;
}

function pendingCondition(current: Condition | null, conditions: readonly Condition[]): Condition | null {
  const next = NEXT_STAGE.get(current?.type ?? '');
  return conditions.find(({ type, status }) => type === next && status === 'False') ?? null;
}

function buildRoleView(role: RoleName, pods: readonly Pod[], status: PPOJobStatus | undefined): RoleView {
  const own = pods.filter((pod) => carriesRole(pod, role));
  const views = own.toSorted((a, b) => indexOf(a) - indexOf(b)).map((pod) => buildPodView(pod, role));
  const { desired = views.length, restarts = 0 } = status?.roles?.[role] ?? {};
  return { role, pods: views, desired, restarts };
}

function indexOf(pod: Pod): number {
  return Number(pod.metadata.labels?.[LABELS.index] ?? 0);
}

/** Of a pod that several roles share, the role's own containers: they are named after it. */
function buildPodView(pod: Pod, role: RoleName): PodView {
  const isShared = groupOf(pod) === COLOCATED;
  const containers = pod.status?.containerStatuses ?? [];
  const main = isShared ? containers.find(({ name }) => name === role) : containers[0];
  const prefix = isShared ? `${role}-` : '';
  const sidecarNames = new Set(pod.spec.initContainers?.filter((c) => c.restartPolicy === 'Always').map((c) => c.name));
  return {
    name: pod.metadata.name,
    state: podState(pod),
    pid: main?.state.running ? processId(main) : null,
    node: main?.state.running && processId(main) === null ? (pod.spec.nodeName ?? null) : null,
    sidecars: (pod.status?.initContainerStatuses ?? [])
      .filter((status) => sidecarNames.has(status.name) && status.name.startsWith(prefix))
      .map((status) => ({
        name: status.name.slice(prefix.length),
        isReady: status.ready,
        restarts: status.restartCount,
      })),
    message: pod.status?.message ?? main?.state.terminated?.message ?? '',
  };
}

function podState(pod: Pod): PodState {
  // However it ends, a pod that was told to stop has not failed.
  if (pod.metadata.deletionTimestamp !== undefined) return 'Stopping';
  const phase = pod.status?.phase;
  if (phase === 'Failed') return 'Failed';
  if (phase === 'Succeeded') return 'Ended';
  if (pod.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True')) return 'Ready';
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  return statuses.some((status) => status.state.running) ? 'Starting' : 'Waiting';
}

/** How the process kubelet writes ids. */
const PROCESS = 'process://';

function processId(status: ContainerStatus): string | null {
  const id = status.containerID ?? '';
  return id.startsWith(PROCESS) ? id.slice(PROCESS.length) : null;
}
