/**
 * Devices by claim: a ResourceClaimTemplate for each kind of pod that wants some, and the pods that name it. All
 * containers of a pod that work with models name the same claim, and so share its devices: that is how colocated roles
 * share a GPU. (A device plugin can't: what it hands out belongs to one container, and NVIDIA_VISIBLE_DEVICES=all in the
 * others would show them every GPU of the node.)
 */
import { createHash } from 'node:crypto';
import { COLOCATED, ROLE_NAMES, type RoleName } from '../api/names.ts';
import type { PPOJob, PPOJobSpec } from '../api/ppojob.ts';
import type { ResourceKind } from '../cluster/cluster.ts';
import type { Container, KubernetesObject, Pod } from '../cluster/objects.ts';
import { childMeta, jobLabels, roleLabels } from './children.ts';
import { isColocated } from './ports.ts';

export interface ResourceClaimTemplate extends KubernetesObject {
  readonly spec: {
    readonly metadata: { readonly labels: Readonly<Record<string, string>> };
    readonly spec: { readonly devices: { readonly requests: readonly unknown[] } };
  };
}

export const RESOURCE_CLAIM_TEMPLATES: ResourceKind<ResourceClaimTemplate> = {
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceClaimTemplate',
  plural: 'resourceclaimtemplates',
  hasStatus: false,
};

type Carrier = RoleName | typeof COLOCATED;
type Devices = NonNullable<PPOJobSpec['placement']['devices']>;

/** Name of the claim in a pod, and of its only request. */
const CLAIM = 'devices';
const NUM_HASH_CHARACTERS = 8;

function devicesOf(job: PPOJob, carrier: Carrier): Devices | undefined {
  return carrier === COLOCATED ? job.spec.placement.devices : job.spec.roles[carrier].devices;
}

/** Whether any pod of the job wants devices by claim. */
export function hasDevices(job: PPOJob): boolean {
  return [COLOCATED, ...ROLE_NAMES].some((carrier) => devicesOf(job, carrier as Carrier) !== undefined);
}

function claimSpec({ deviceClassName, count, selectors = [] }: Devices): ResourceClaimTemplate['spec']['spec'] {
  const exactly = {
    deviceClassName,
    allocationMode: 'ExactCount',
    count,
    ...(selectors.length > 0 && { selectors: selectors.map((expression) => ({ cel: { expression } })) }),
  };
  return { devices: { requests: [{ name: CLAIM, exactly }] } };
}

/** A template can't be changed, so another content is another name. */
function templateName(job: PPOJob, carrier: Carrier, devices: Devices): string {
  const hash = createHash('sha256')
    .update(JSON.stringify(claimSpec(devices)))
    .digest('hex');
  return `${job.metadata.name}-${carrier}-${hash.slice(0, NUM_HASH_CHARACTERS)}`;
}

/** Every template that the pods of `job` name. */
export function buildClaimTemplates(job: PPOJob): ResourceClaimTemplate[] {
  const carriers: Carrier[] = isColocated(job) ? ['coordinator', COLOCATED] : [...ROLE_NAMES];
  return carriers.flatMap((carrier) => {
    const devices = devicesOf(job, carrier);
    if (devices === undefined) return [];
    const metadata = childMeta(job, templateName(job, carrier, devices), roleLabels(job.metadata.name, carrier));
    const labels = jobLabels(job.metadata.name);
    return [
      {
        apiVersion: RESOURCE_CLAIM_TEMPLATES.apiVersion,
        kind: RESOURCE_CLAIM_TEMPLATES.kind,
        metadata,
        spec: { metadata: { labels }, spec: claimSpec(devices) },
      },
    ];
  });
}

function claim(container: Container): Container {
  const claims = [...(container.resources?.claims ?? []), { name: CLAIM }];
  return { ...container, resources: { ...container.resources, claims } };
}

/** `pod` with the devices that its carrier wants; unchanged where it wants none. */
export function addDevices(pod: Pod, job: PPOJob, carrier: Carrier): Pod {
  const devices = devicesOf(job, carrier);
  if (devices === undefined) return pod;
  const resourceClaimTemplateName = templateName(job, carrier, devices);
  return {
    ...pod,
    spec: {
      ...pod.spec,
      containers: pod.spec.containers.map(claim),
      resourceClaims: [...(pod.spec.resourceClaims ?? []), { name: CLAIM, resourceClaimTemplateName }],
    },
  };
}
