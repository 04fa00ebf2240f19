/**
 * From a job to the objects that should exist. Pure and deterministic: no clock, no cluster, no decision on what to
 * delete or restart; that is operator/reconcile's.
 */
import { JOB_CONFIG_KEY, PORTS, ROLE_NAMES } from '../api/names.ts';
import type { PPOJob } from '../api/ppojob.ts';
import type { ConfigMap, Pod, Service, ServicePort } from '../cluster/objects.ts';
import { childMeta, configMapName, roleLabels, serviceName } from './children.ts';
import { compileJob } from './compile-job.ts';
import { buildPod } from './pod.ts';
import { addScratch, resolveInWorkspace } from './workspace.ts';

/** What planning needs to know of the job beyond its spec. */
export interface PlanState {
  /** Set when the job has ended: its pods and services are no longer wanted. */
  readonly outcome: 'Succeeded' | 'Failed' | null;
}

/**
 * Everything that should exist now. An ended or suspended job wants its ConfigMap alone: pods and services that exist
 * and aren't listed may be deleted (pods that ended by themselves are kept for their logs, at reconcile's choice).
 */
export interface DesiredObjects {
  readonly configMap: ConfigMap;
  readonly services: readonly Service[];
  /** Ordered: coordinator first, then by role and index. */
  readonly pods: readonly Pod[];
}

function buildConfigMap(job: PPOJob): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: childMeta(job, configMapName(job.metadata.name)),
    data: { [JOB_CONFIG_KEY]: `${JSON.stringify(compileJob(resolveInWorkspace(job)), null, 2)}\n` },
  };
}

/** A headless service: its name resolves to the role's pods themselves. */
function buildService(job: PPOJob, role: 'coordinator' | 'generation', ports: readonly ServicePort[]): Service {
  const { name } = job.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: childMeta(job, serviceName(name, role), roleLabels(name, role)),
    spec: {
      clusterIP: 'None',
      // Workers register with a coordinator that isn't ready until they have.
      publishNotReadyAddresses: role === 'coordinator',
      selector: roleLabels(name, role),
      ports,
    },
  };
}

function buildServices(job: PPOJob): Service[] {
  return [
    buildService(job, 'coordinator', [{ name: 'grpc', port: PORTS.grpc }]),
    buildService(job, 'generation', [
      { name: 'grpc', port: PORTS.grpc },
      { name: 'openai', port: PORTS.openai },
    ]),
  ];
}

function buildPods(job: PPOJob): Pod[] {
  return ROLE_NAMES.flatMap((role) =>
    Array.from({ length: job.spec.roles[role].replicas }, (_, index) =>
      addScratch(buildPod(job, { role, index }), job),
    ),
  );
}

/** The objects that `job` wants in `state`. The job comes from a cluster: it has a uid. */
export function planJob(job: PPOJob, state: PlanState): DesiredObjects {
  const isWanted = state.outcome === null && !job.spec.suspend;
  return {
    configMap: buildConfigMap(job),
    services: isWanted ? buildServices(job) : [],
    pods: isWanted ? buildPods(job) : [],
  };
}
