/** Builds one pod of a job: its worker, its communicator sidecar where it moves tensors, probes, volumes, confinement. */
import { CONTAINERS, LABELS, MOUNTS, TENSOR_ROLES, USER_ID } from '../api/names.ts';
import type { PPOJob, PPOJobSpec } from '../api/ppojob.ts';
import type {
  Container,
  ContainerPort,
  Pod,
  Probe,
  ResourceRequirements,
  Volume,
  VolumeMount,
} from '../cluster/objects.ts';
import { childMeta, configMapName, podName, roleLabels } from './children.ts';
import { communicatorEnvironment, type PodIdentity, workerEnvironment } from './environment.ts';
import { portsOf } from './ports.ts';

const COMMAND = ['node', 'worker/main.ts'];
/** Manifests may not name volumes of theirs so. */
const VOLUMES = { config: 'ppo-config', shared: 'ppo-shared', temporary: 'ppo-tmp' } as const;
/** The only folder that programs expect to write to wherever they run. */
const TEMPORARY_MOUNT: VolumeMount = { name: VOLUMES.temporary, mountPath: MOUNTS.temporary };

const containerSecurity: NonNullable<Container['securityContext']> = {
  runAsNonRoot: true,
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

/**
 * A loaded machine answers late; only a process that stays silent for a minute is taken for stuck. Then the job waits for
 * its replacement, and whoever is stuck makes nothing of the pod's grace.
 */
const LIVENESS = { periodSeconds: 10, timeoutSeconds: 10, failureThreshold: 6, terminationGracePeriodSeconds: 5 };

function probe(path: string, port: number, timing: Omit<Probe, 'httpGet'>): Probe {
  return { httpGet: { path, port }, ...timing };
}

/** Probes of a container with its metrics server at `port`; `startSeconds` is how long it may take to answer at all. */
function probes(
  port: number,
  startSeconds: number,
): Pick<Container, 'startupProbe' | 'readinessProbe' | 'livenessProbe'> {
  return {
    startupProbe: probe('/healthz', port, { periodSeconds: 1, timeoutSeconds: 5, failureThreshold: startSeconds }),
    readinessProbe: probe('/readyz', port, { periodSeconds: 2, timeoutSeconds: 5, failureThreshold: 3 }),
    livenessProbe: probe('/healthz', port, LIVENESS),
  };
}

/** Only what the manifest says: a key that is there, even with nothing in it, would be owned by the operator. */
function resourcesOf(resources: PPOJobSpec['roles']['actor']['resources']): { resources?: ResourceRequirements } {
  if (resources === undefined) return {};
  const { requests, limits } = resources;
  return { resources: { ...(requests && { requests }), ...(limits && { limits }) } };
}

function workerPorts(job: PPOJob, { role }: PodIdentity): ContainerPort[] {
  const ports = portsOf(job, role);
  return [
    { name: 'grpc', containerPort: ports.grpc },
    { name: 'metrics', containerPort: ports.metrics },
    ...(role === 'generation' ? [{ name: 'openai', containerPort: ports.openai }] : []),
  ];
}

function buildWorker(job: PPOJob, pod: PodIdentity, image: string): Container {
  const { roles, deadlines } = job.spec;
  return {
    name: CONTAINERS.worker,
    image,
    command: COMMAND,
    env: workerEnvironment(job, pod),
    ports: workerPorts(job, pod),
    ...resourcesOf(roles[pod.role].resources),
    volumeMounts: [
      { name: VOLUMES.config, mountPath: MOUNTS.config, readOnly: true },
      TEMPORARY_MOUNT,
      ...(TENSOR_ROLES.includes(pod.role) ? [{ name: VOLUMES.shared, mountPath: MOUNTS.shared }] : []),
    ],
    ...probes(portsOf(job, pod.role).metrics, deadlines.rendezvousSeconds),
    securityContext: containerSecurity,
    terminationMessagePolicy: 'FallbackToLogsOnError',
  };
}

/** A native sidecar: started before the worker, ended after it, restarted by itself. */
function buildCommunicator(job: PPOJob, pod: PodIdentity, image: string): Container {
  const { deadlines } = job.spec;
  const ports = portsOf(job, pod.role);
  return {
    name: CONTAINERS.communicator,
    image,
    command: COMMAND,
    env: communicatorEnvironment(job, pod),
    ports: [
      { name: 'communicator', containerPort: ports.communicator },
      { name: 'transport', containerPort: ports.transport },
      { name: 'comm-metrics', containerPort: ports.communicatorMetrics },
    ],
    volumeMounts: [TEMPORARY_MOUNT, { name: VOLUMES.shared, mountPath: MOUNTS.shared }],
    ...probes(ports.communicatorMetrics, deadlines.rendezvousSeconds),
    restartPolicy: 'Always',
    securityContext: containerSecurity,
    terminationMessagePolicy: 'FallbackToLogsOnError',
  };
}

/** User, group and group of volumes in one; null: a cluster that gives each namespace a range of its own chooses. */
function podSecurity(userId: number | null): NonNullable<Pod['spec']['securityContext']> {
  return {
    runAsNonRoot: true,
    ...(userId !== null && { runAsUser: userId, runAsGroup: userId, fsGroup: userId }),
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

/** `image` is of the containers that the manifest says nothing else of. */
export function buildPod(job: PPOJob, pod: PodIdentity, image: string, userId: number | null = USER_ID): Pod {
  const { name } = job.metadata;
  const hasSidecar = TENSOR_ROLES.includes(pod.role);
  const shared: Volume = { name: VOLUMES.shared, emptyDir: { medium: 'Memory' } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: childMeta(job, podName(name, pod.role, pod.index), {
      ...roleLabels(name, pod.role),
      [LABELS.index]: String(pod.index),
    }),
    spec: {
      // A failed pod is replaced, not revived: a new uid, so that each failure is counted once.
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: job.spec.terminationGracePeriodSeconds,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: podSecurity(userId),
      ...(hasSidecar ? { initContainers: [buildCommunicator(job, pod, image)] } : {}),
      containers: [buildWorker(job, pod, image)],
      volumes: [
        { name: VOLUMES.config, configMap: { name: configMapName(name) } },
        { name: VOLUMES.temporary, emptyDir: {} },
        ...(hasSidecar ? [shared] : []),
      ],
    },
  };
}
