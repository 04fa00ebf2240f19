// What has gone wrong with a pod, by its status alone: how it ended, in Kubernetes' words and its own, whose fault that
// is, and whether a restart could help. Pure; it refuses to know limits, rules and what follows.

import { CONTAINERS, EXIT_CODES, REASONS, type Reason, ROLE_NAMES, type RoleName } from '../api/names.ts';
import type { ContainerStatus, ContainerTerminated, Pod, PodCondition, Stored } from '../cluster/objects.ts';
import { summarizeLog } from './log-words.ts';
import { findEndedWithin, groupOf, hasFinished } from './pod-state.ts';

/** Infrastructure: the node, the scheduler or an administrator took the pod away. Program: it failed by itself. */
export type FaultCause = 'Program' | 'Infrastructure';

export interface PodFault {
  readonly pod: string;
  readonly uid: string;
  readonly role: RoleName;
  /** The pods that belong together: see groupOf. */
  readonly group: string;
  /** -1 where no process ended: the pod could not be started, or was taken away. */
  readonly exitCode: number;
  /** The pod's last words. */
  readonly message: string;
  /** Kubernetes' reasons: of the container, the pod, and the condition that announces a disruption. */
  readonly reasons: readonly string[];
  /** Types of the pod's conditions that hold. */
  readonly conditions: readonly string[];
  readonly cause: FaultCause;
  /** Why no restart would help; null where one might. */
  readonly hopeless: Reason | null;
}

const DISRUPTION_TARGET = 'DisruptionTarget';

/** Reasons of pods that a node gave up or would not take, where it sets no condition for that. */
const INFRASTRUCTURE_REASONS: ReadonlySet<string> = new Set([
  ...['Evicted', 'NodeLost', 'NodeShutdown', 'Shutdown', 'Terminated', 'Preempting', 'Preempted'],
  ...['NodeAffinity', 'NodePorts', 'UnexpectedAdmissionError', 'AdmissionError'],
  // Of a container that was gone when its node came back.
  'ContainerStatusUnknown',
]);
/** Resources that the node no longer had when the pod arrived: OutOfcpu, OutOfmemory, OutOfnvidia.com/gpu. */
const OUT_OF_RESOURCE = /^OutOf[a-z]/;
/** A pod is also Evicted for writing more to its own disk than its limits allow: that is its own doing. */
const OWN_LIMIT_EXCEEDED = /exceed(s|ed) .*limit/;

/** Waiting reasons that no waiting mends, but a new pod may. */
const BROKEN_START_REASONS: ReadonlySet<string> = new Set([
  'ContainerCannotRun',
  'CreateContainerError',
  'RunContainerError',
]);
/** Waiting reasons that the node tries to mend by itself, mostly in vain. */
const UNSTARTABLE_REASONS: ReadonlyMap<string, Reason> = new Map([
  ['ErrImagePull', REASONS.imageUnavailable],
  ['ImagePullBackOff', REASONS.imageUnavailable],
  ['ErrImageNeverPull', REASONS.imageUnavailable],
  ['RegistryUnavailable', REASONS.imageUnavailable],
  ['SignatureValidationFailed', REASONS.imageUnavailable],
  ['InvalidImageName', REASONS.imageUnavailable],
  ['CreateContainerConfigError', REASONS.configurationMissing],
]);
/** A name that is no image's will never be one. */
const INVALID_IMAGE_NAME = 'InvalidImageName';

/** Of a container that ended, and that its node starts again after a while. */
const CRASH_LOOP = 'CrashLoopBackOff';
/** A sidecar that its node has started again so often, a minute after the first time, comes no further by that. */
const MAX_SIDECAR_RESTARTS = 3;

/** The kernel's doing: a log's last words know nothing of it. */
const OUT_OF_MEMORY = 'OOMKilled';

/** Ends of a container whose command the runtime could not run. */
const START_ERRORS: ReadonlySet<string> = new Set(['StartError', 'ContainerCannotRun']);
const NO_COMMAND = /executable file not found|no such file or directory|permission denied|exec format error/;

/** A line of a worker's log, whole or cut off at its beginning. */
const HAS_LOG_LINE = /^\{.*"msg":|"msg":".*"\}\s*$/m;
const MAX_LAST_WORDS_CHARACTERS = 1000;

/**
 * What is wrong with a pod, or null. A pod that somebody deletes is no fault, however it ends, unless it was taken away:
 * then its condition says so. A worker that ends well by itself is a fault, since only the coordinator decides when the
 * job is done.
 */
export function findFault(pod: Stored<Pod>): PodFault | null {
  const disruption = disruptionOf(pod);
  if (pod.metadata.deletionTimestamp !== undefined) {
    return disruption === null ? null : buildFault(pod, { message: messageOf(disruption) });
  }
  switch (pod.status?.phase) {
    case 'Pending':
      return brokenStart(pod) ?? crashLoop(pod);
    case 'Running':
      return endedWithin(pod);
    case 'Failed':
      return failedPod(pod, disruption);
    case 'Succeeded':
      return hasFinished(pod) ? null : buildFault(pod, { exitCode: EXIT_CODES.done, message: TOO_EARLY });
    default:
      return null;
  }
}

const TOO_EARLY = 'ended although the job is not done';

/** What keeps a pod from starting although its node still tries; null where nothing does. */
export function findUnstartable(pod: Stored<Pod>): { readonly fault: PodFault; readonly isFinal: boolean } | null {
  if (pod.metadata.deletionTimestamp !== undefined || pod.status?.phase !== 'Pending') return null;
  for (const status of containerStatuses(pod)) {
    const { reason = '' } = status.state.waiting ?? {};
    const hopeless = UNSTARTABLE_REASONS.get(reason);
    if (hopeless === undefined) continue;
    const fault = buildFault(pod, { message: waitingMessage(status), container: status, hopeless });
    if (fault !== null) return { fault, isFinal: reason === INVALID_IMAGE_NAME };
  }
  return null;
}

/** The fault of a pod that no node has had room for, as its condition tells. */
export function unschedulableFault(pod: Stored<Pod>, condition: PodCondition, seconds: number): PodFault | null {
  const message = `no node has had room for it for ${seconds} s: ${messageOf(condition)}`;
  return buildFault(pod, { message, hopeless: REASONS.unschedulable, reason: condition.reason });
}

/** The fault of a pod for which its node could not do what comes before its containers. Its events have the details. */
export function unpreparedFault(pod: Stored<Pod>, condition: PodCondition, seconds: number): PodFault | null {
  const { nodeName } = pod.spec;
  const message = `node ${nodeName} could not set up its volumes or its network for ${seconds} s`;
  return buildFault(pod, { message, hopeless: REASONS.volumesUnavailable, reason: condition.reason });
}

interface FaultDetails {
  readonly message: string;
  readonly exitCode?: number;
  readonly container?: ContainerStatus;
  readonly hopeless?: Reason;
  readonly reason?: string | undefined;
}

/** Null for a pod that is nobody's. */
function buildFault(pod: Stored<Pod>, details: FaultDetails): PodFault | null {
  const group = groupOf(pod);
  if (group === null) return null;
  const { container, exitCode = container?.state.terminated?.exitCode ?? -1 } = details;
  const disruption = disruptionOf(pod);
  const { waiting, terminated } = container?.state ?? {};
  const words = lastWords(details.message);
  const isTold = terminated?.reason !== OUT_OF_MEMORY || words.includes(OUT_OF_MEMORY);
  const reasons = [details.reason, waiting?.reason, terminated?.reason, pod.status?.reason, disruption?.reason];
  const fault: Omit<PodFault, 'cause' | 'hopeless'> = {
    ...{ pod: pod.metadata.name, uid: pod.metadata.uid, role: roleOfFault(group, container), group, exitCode },
    message: isTold ? words : `${OUT_OF_MEMORY}: ${words}`,
    reasons: [...new Set(reasons.filter((reason) => reason !== undefined && reason !== ''))] as string[],
    conditions: (pod.status?.conditions ?? []).filter(({ status }) => status === 'True').map(({ type }) => type),
  };
  const cause = isInfrastructure(fault) ? 'Infrastructure' : 'Program';
  return { ...fault, cause, hopeless: details.hopeless ?? (cause === 'Program' ? hopelessEnd(fault) : null) };
}

/** In a pod of several roles each container is named after its role. */
function roleOfFault(group: string, container: ContainerStatus | undefined): RoleName {
  const find = (name: string | undefined): RoleName | undefined => ROLE_NAMES.find((role) => role === name);
  return find(group) ?? find(container?.name) ?? 'actor';
}

function isInfrastructure({ reasons, conditions, message }: Omit<PodFault, 'cause' | 'hopeless'>): boolean {
  if (conditions.includes(DISRUPTION_TARGET)) return true;
  if (reasons.includes('Evicted') && OWN_LIMIT_EXCEEDED.test(message)) return false;
  return reasons.some((reason) => INFRASTRUCTURE_REASONS.has(reason) || OUT_OF_RESOURCE.test(reason));
}

function hopelessEnd({ exitCode, reasons, message }: Omit<PodFault, 'cause' | 'hopeless'>): Reason | null {
  if (exitCode === EXIT_CODES.hopeless) return REASONS.hopelessConfiguration;
  const isNotFound = exitCode === EXIT_CODES.notFound || exitCode === EXIT_CODES.notExecutable;
  const isStartError = reasons.some((reason) => START_ERRORS.has(reason)) && NO_COMMAND.test(message);
  return isNotFound || isStartError ? REASONS.commandNotRunnable : null;
}

function disruptionOf(pod: Pod): PodCondition | null {
  const conditions = pod.status?.conditions ?? [];
  return conditions.find(({ type, status }) => type === DISRUPTION_TARGET && status === 'True') ?? null;
}

function messageOf({ message, reason, type }: PodCondition): string {
  return message || reason || type;
}

function brokenStart(pod: Stored<Pod>): PodFault | null {
  const isBroken = ({ state }: ContainerStatus) => BROKEN_START_REASONS.has(state.waiting?.reason ?? '');
  const status = containerStatuses(pod).find(isBroken);
  return status === undefined ? null : buildFault(pod, { message: waitingMessage(status), container: status });
}

/** A sidecar that ends again and again, so that the worker behind it never starts. */
function crashLoop(pod: Stored<Pod>): PodFault | null {
  for (const { lastState, ...status } of containerStatuses(pod)) {
    const end = lastState?.terminated;
    if (status.state.waiting?.reason !== CRASH_LOOP || end === undefined) continue;
    const message = `container ${status.name} ends at each start: ${end.message || end.reason || CRASH_LOOP}`;
    const container = { ...status, state: { terminated: end } };
    const fault = buildFault(pod, { message, container, reason: CRASH_LOOP });
    if (fault?.hopeless != null || status.restartCount >= MAX_SIDECAR_RESTARTS) return fault;
  }
  return null;
}

/** A container of ours that ended beside others that run: its pod goes on, but not its role. */
function endedWithin(pod: Stored<Pod>): PodFault | null {
  const container = findEndedWithin(pod);
  if (container === undefined || hasFinished(pod)) return null;
  const { message, reason } = container.state.terminated!;
  return buildFault(pod, { container, message: message || reason || TOO_EARLY });
}

function failedPod(pod: Stored<Pod>, disruption: PodCondition | null): PodFault | null {
  const container = failedContainer(pod);
  const end = container?.state.terminated;
  const { message, reason } = pod.status ?? {};
  const taken = disruption === null ? '' : messageOf(disruption);
  const details = { message: end?.message || message || taken || end?.reason || reason || '' };
  return buildFault(pod, container === undefined ? details : { ...details, container });
}

function containerStatuses(pod: Pod): ContainerStatus[] {
  const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
  // The worker's end explains the pod's better than its sidecar's.
  return statuses.sort((a, b) => Number(b.name === CONTAINERS.worker) - Number(a.name === CONTAINERS.worker));
}

function failedContainer(pod: Pod): ContainerStatus | undefined {
  const endOf = ({ state }: ContainerStatus): ContainerTerminated | undefined => state.terminated;
  const ended = containerStatuses(pod).filter((status) => endOf(status) !== undefined);
  return ended.find((status) => endOf(status)?.exitCode !== 0) ?? ended[0];
}

function waitingMessage({ name, state }: ContainerStatus): string {
  const { reason = '', message } = state.waiting ?? {};
  return `container ${name} can't start: ${reason}${message ? `: ${message}` : ''}`;
}

/** The end of what was said: the last lines tell why. */
function lastWords(message: string): string {
  // A real kubelet hands on the end of the log as it is.
  const text = (HAS_LOG_LINE.test(message) ? summarizeLog(message) : message).trim();
  if (text === '') return 'it left no message';
  return text.length <= MAX_LAST_WORDS_CHARACTERS ? text : `...${text.slice(3 - MAX_LAST_WORDS_CHARACTERS)}`;
}
