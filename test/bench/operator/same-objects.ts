// What a client can make that decides nothing: the same objects as the operator makes for each job, from a plan made
// beforehand. It belongs to nobody, so that nobody takes it away. It measures nothing.

import type { Cluster, ResourceKind } from '../../../operator/cluster/cluster.ts';
import { CONFIG_MAPS, NETWORK_POLICIES, PODS, SECRETS, SERVICES } from '../../../operator/cluster/cluster.ts';
import type { KubernetesObject, Secret } from '../../../operator/cluster/objects.ts';
import { planJob } from '../../../operator/plan/plan.ts';
import type { Platform } from '../../../operator/plan/platform.ts';
import { jobOf } from '../../operator/reconcile/builders.ts';

export interface PlannedObject {
  readonly kind: ResourceKind<KubernetesObject>;
  readonly object: KubernetesObject;
}

/** About as much as the certificates of a job. */
const SECRET_BYTES = [600, 9000];

/** Pods last, as the operator makes them. */
export function planObjects(
  spec: Readonly<Record<string, unknown>>,
  where: { readonly name: string; readonly namespace: string; readonly platform: Platform },
): PlannedObject[] {
  const { name, namespace, platform } = where;
  const job = { ...jobOf(spec), metadata: { name, namespace, uid: 'nobody' } };
  const { configMap, services, networkPolicies, pods } = planJob(job, { outcome: null, platform });
  const planned: PlannedObject[] = [
    ...SECRET_BYTES.map((bytes, i) => ({ kind: SECRETS, object: secret(`${name}-${i}`, namespace, bytes) })),
    { kind: CONFIG_MAPS, object: configMap },
    ...services.map((object) => ({ kind: SERVICES, object })),
    ...networkPolicies.map((object) => ({ kind: NETWORK_POLICIES, object })),
    ...pods.map((object) => ({ kind: PODS, object })),
  ];
  return planned.map(({ kind, object }) => ({ kind, object: ofNobody(object) }));
}

export async function createAll(cluster: Cluster, objects: readonly PlannedObject[]): Promise<void> {
  for (const { kind, object } of objects) await cluster.create(kind, object, { fieldManager: 'bench' });
}

function secret(name: string, namespace: string, bytes: number): Secret {
  const data = { data: Buffer.alloc(bytes, 'x').toString('base64') };
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, type: 'Opaque', data };
}

/** Without owner and labels: neither the garbage collector nor the operator has to do with it. */
function ofNobody(object: KubernetesObject): KubernetesObject {
  const { ownerReferences: _, labels = {}, ...metadata } = object.metadata;
  const kept = Object.entries(labels).filter(([key]) => !key.startsWith('app.kubernetes.io/'));
  return { ...object, metadata: { ...metadata, labels: Object.fromEntries(kept) } };
}
