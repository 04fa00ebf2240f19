/**
 * A pod's status from its containers': phase and conditions by Kubernetes' rules. Pure; knows no processes.
 */
import type { ContainerStatus, Pod, PodCondition, PodPhase, PodStatus } from '../cluster/objects.ts';
import { waitingStatus } from './container-runner.ts';

export interface PodObservation {
  readonly podIp: string;
  readonly hostIp: string;
  readonly startTime: string;
  /** By container name; a container without one hasn't been started. */
  readonly statusByContainer: ReadonlyMap<string, ContainerStatus>;
  /** Why the pod could not be started, if so. */
  readonly failure: { readonly reason: string; readonly message: string } | null;
}

export function computePodStatus(pod: Pod, observed: PodObservation, now: string): PodStatus {
  const statusOf = (containers: Pod['spec']['containers']): ContainerStatus[] =>
    containers.map((c) => observed.statusByContainer.get(c.name) ?? waitingStatus(c.name, c.image, 'PodInitializing'));
  const inits = statusOf(pod.spec.initContainers ?? []);
  const mains = statusOf(pod.spec.containers);
  const sidecarNames = new Set((pod.spec.initContainers ?? []).filter((c) => c.restartPolicy).map((c) => c.name));
  const isInitialized = inits.every((s) => (sidecarNames.has(s.name) ? s.started === true : isTerminated(s, 0)));
  const phase = computePhase(pod, { mains, inits, sidecarNames, hasFailedToStart: observed.failure !== null });
  const isReady =
    phase === 'Running' && [...mains, ...inits.filter((s) => sidecarNames.has(s.name))].every((s) => s.ready);
  const conditions = { PodScheduled: true, Initialized: isInitialized, ContainersReady: isReady, Ready: isReady };
  return {
    phase,
    ...(observed.failure ?? {}),
    conditions: Object.entries(conditions).map(([type, value]) => keepTransition(pod, { type, value }, now)),
    podIP: observed.podIp,
    podIPs: [{ ip: observed.podIp }],
    hostIP: observed.hostIp,
    startTime: observed.startTime,
    ...(inits.length > 0 ? { initContainerStatuses: inits } : {}),
    containerStatuses: mains,
  };
}

interface ContainerStates {
  readonly mains: readonly ContainerStatus[];
  readonly inits: readonly ContainerStatus[];
  readonly sidecarNames: ReadonlySet<string>;
  readonly hasFailedToStart: boolean;
}

function computePhase(pod: Pod, { mains, inits, sidecarNames, hasFailedToStart }: ContainerStates): PodPhase {
  const isNeverRestarted = (pod.spec.restartPolicy ?? 'Always') === 'Never';
  const failedInit = inits.some((s) => !sidecarNames.has(s.name) && s.state.terminated && !isTerminated(s, 0));
  const hasEnded = mains.every((s) => s.state.terminated);
  const hasStarted = mains.every((s) => s.state.running || s.state.terminated || s.restartCount > 0 || s.lastState);
  if (hasFailedToStart || hasEnded || (failedInit && isNeverRestarted)) {
    // A pod that is over may be replaced at once, so it isn't over while a sidecar still holds its ports.
    if (inits.some((s) => s.state.running)) return hasStarted ? 'Running' : 'Pending';
    return hasEnded && mains.every((s) => isTerminated(s, 0)) ? 'Succeeded' : 'Failed';
  }
  return hasStarted ? 'Running' : 'Pending';
}

function isTerminated(status: ContainerStatus, exitCode: number): boolean {
  return status.state.terminated?.exitCode === exitCode;
}

/** The condition, with the time of its last change kept when it hasn't changed. */
function keepTransition(pod: Pod, next: { type: string; value: boolean }, now: string): PodCondition {
  const status = next.value ? 'True' : 'False';
  const before = pod.status?.conditions?.find((condition) => condition.type === next.type);
  const isSame = before?.status === status && before.lastTransitionTime !== undefined;
  return { type: next.type, status, lastTransitionTime: isSame ? before.lastTransitionTime : now };
}
