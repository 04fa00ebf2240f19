/** The PPO_* environment of a pod's containers: the writing side of worker/config.ts, which reads it. */
import { JOB_CONFIG_KEY, MOUNTS, PORTS, type RoleName, TENSOR_ROLES } from '../api/names.ts';
import type { PPOJob } from '../api/ppojob.ts';
import type { EnvVar } from '../cluster/objects.ts';
import { coordinatorAddress, podName } from './children.ts';
import { carrierOf, portsOf } from './ports.ts';

/** Which pod of the job. */
export interface PodIdentity {
  readonly role: RoleName;
  /** Rank (actor, critic) or replica index. */
  readonly index: number;
}

function variable(name: string, value: string | number): EnvVar {
  return { name, value: String(value) };
}

function identity(job: PPOJob, pod: PodIdentity): EnvVar[] {
  return [
    variable('PPO_JOB_NAME', job.metadata.name),
    variable('PPO_INDEX', pod.index),
    variable('PPO_POD_NAME', podName(job.metadata.name, carrierOf(job, pod.role), pod.index)),
    { name: 'PPO_POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
    ...(job.spec.logLevel === undefined ? [] : [variable('PPO_LOG_LEVEL', job.spec.logLevel)]),
  ];
}

export function workerEnvironment(job: PPOJob, pod: PodIdentity): EnvVar[] {
  const hasSidecar = TENSOR_ROLES.includes(pod.role);
  const ports = portsOf(job, pod.role);
  return [
    variable('PPO_ROLE', pod.role),
    ...identity(job, pod),
    variable('PPO_GRPC_PORT', ports.grpc),
    variable('PPO_METRICS_PORT', ports.metrics),
    ...(pod.role === 'generation' ? [variable('PPO_OPENAI_PORT', ports.openai)] : []),
    ...(hasSidecar ? [variable('PPO_COMMUNICATOR_PORT', ports.communicator)] : []),
    ...(hasSidecar ? [variable('PPO_SHARED_DIR', MOUNTS.shared)] : []),
    ...(pod.role === 'coordinator' ? [] : [variable('PPO_COORDINATOR_ADDRESS', coordinatorAddress(job, PORTS.grpc))]),
    variable('PPO_JOB_CONFIG', `${MOUNTS.config}/${JOB_CONFIG_KEY}`),
    variable('PPO_THREADS', job.spec.roles[pod.role].threads),
  ];
}

export function communicatorEnvironment(job: PPOJob, pod: PodIdentity): EnvVar[] {
  const ports = portsOf(job, pod.role);
  return [
    variable('PPO_ROLE', 'communicator'),
    variable('PPO_SERVES_ROLE', pod.role),
    ...identity(job, pod),
    variable('PPO_GRPC_PORT', ports.communicator),
    variable('PPO_COMMUNICATOR_PORT', ports.communicator),
    variable('PPO_TRANSPORT_PORT', ports.transport),
    variable('PPO_METRICS_PORT', ports.communicatorMetrics),
    variable('PPO_SHARED_DIR', MOUNTS.shared),
  ];
}
