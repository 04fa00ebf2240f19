/**
 * From a job to the objects that should exist. Pure and deterministic: no clock, no cluster, no decision on what to
 * delete or restart; that is operator/reconcile's.
 */
import { JOB_CONFIG_KEY, PORTS } from '../api/names.ts';
import type { PPOJob } from '../api/ppojob.ts';
import type { ResourceKind } from '../cluster/cluster.ts';
import type { ConfigMap, KubernetesObject, NetworkPolicy, Pod, Service, ServicePort } from '../cluster/objects.ts';
import { childMeta, configMapName, roleLabels, serviceName } from './children.ts';
import { compileJob } from './compile-job.ts';
import { buildClaimTemplates, RESOURCE_CLAIM_TEMPLATES } from './devices.ts';
import { buildPodGroup, type GangState } from './gang.ts';
import { buildNetworkPolicy } from './network-policy.ts';
import { MACHINE, type Platform } from './platform.ts';
import { buildPods } from './pods.ts';
import { carrierOf, portsOf } from './ports.ts';
import { resolveInWorkspace } from './workspace.ts';

/** What planning needs to know of the job beyond its spec. */
export interface PlanState {
  /** Set when the job has ended: its pods and services are no longer wanted. */
  readonly outcome: 'Succeeded' | 'Failed' | null;
  /** Null or absent: no scheduler keeps the pods together. */
  readonly gang?: GangState | null;
  /** The job's pods as they stand. */
  readonly pods?: readonly Pod[];
  /** Where the pods run; absent: on one machine. */
  readonly platform?: Platform;
}

/** An object of a kind that not every job has. */
export interface PlacementObject {
  readonly kind: ResourceKind<KubernetesObject>;
  readonly object: KubernetesObject;
}

/**
 * Everything that should exist now. An ended or suspended job wants no pods and no services: those that exist and aren't
 * listed may be deleted (pods that ended by themselves are kept for their logs, at reconcile's choice).
 */
export interface DesiredObjects {
  readonly configMap: ConfigMap;
  readonly services: readonly Service[];
  /** None where everybody may reach the pods. */
  readonly networkPolicies: readonly NetworkPolicy[];
  /** PodGroup and ResourceClaimTemplates: no pod may be created before they are there. */
  readonly placement: readonly PlacementObject[];
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
      selector: roleLabels(name, carrierOf(job, role)),
      ports,
    },
  };
}

function buildServices(job: PPOJob): Service[] {
  const { grpc, openai } = portsOf(job, 'generation');
  return [
    buildService(job, 'coordinator', [{ name: 'grpc', port: PORTS.grpc }]),
    buildService(job, 'generation', [
      { name: 'grpc', port: grpc },
      { name: 'openai', port: openai },
    ]),
  ];
}

/** What schedulers and devices ask for before there are pods. */
function buildPlacement(job: PPOJob, gang: GangState | null): PlacementObject[] {
  const group = gang === null ? null : buildPodGroup(job, gang);
  const kind = gang?.gang.kind ?? null;
  return [
    ...(group !== null && kind !== null ? [{ kind, object: group }] : []),
    ...buildClaimTemplates(job).map((object) => ({ kind: RESOURCE_CLAIM_TEMPLATES, object })),
  ];
}

/** The objects that `job` wants in `state`. The job comes from a cluster: it has a uid. */
export function planJob(job: PPOJob, state: PlanState): DesiredObjects {
  const isWanted = state.outcome === null && !job.spec.suspend;
  const { gang = null, platform = MACHINE, pods: existing = [] } = state;
  const networkPolicy = buildNetworkPolicy(job, platform);
  return {
    configMap: buildConfigMap(job),
    services: isWanted ? buildServices(job) : [],
    networkPolicies: networkPolicy === null ? [] : [networkPolicy],
    placement: isWanted ? buildPlacement(job, gang) : [],
    pods: isWanted ? buildPods(job, platform, { gang, existing }) : [],
  };
}
