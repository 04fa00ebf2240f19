// What schedulers and devices have been asked for on behalf of a job: who keeps its pods together, and the objects that
// say so. Reads only; it refuses to judge, and to know what is in the objects.

import { LABELS } from '../api/names.ts';
import type { PPOJob } from '../api/ppojob.ts';
import type { Cluster, ResourceKind } from '../cluster/cluster.ts';
import type { Discovery } from '../cluster/discovery.ts';
import { NotFoundError } from '../cluster/errors.ts';
import type { KubernetesObject, Pod, Stored } from '../cluster/objects.ts';
import { hasDevices, RESOURCE_CLAIM_TEMPLATES } from '../plan/devices.ts';
import { chooseGang, type GangState } from '../plan/gang.ts';
import { POD_GROUP_KINDS } from '../plan/pod-groups.ts';
import { isControlledBy } from './observe.ts';

export interface ObservedPlacement {
  /** Null where no scheduler keeps the pods together. */
  readonly gang: GangState | null;
  readonly objects: readonly StoredPlacement[];
}

export interface StoredPlacement {
  readonly kind: ResourceKind<KubernetesObject>;
  readonly object: Stored<KubernetesObject>;
}

export interface PlacementSource {
  readonly cluster: Cluster;
  /** Null where there is no scheduler: then there are no gangs. */
  readonly discovery: Discovery | null;
  /** Told of every kind that is looked for, and that the server has. */
  readonly follow: (kind: ResourceKind<KubernetesObject>) => void;
}

export async function observePlacement(
  source: PlacementSource,
  job: PPOJob,
  pods: readonly Pod[],
): Promise<ObservedPlacement> {
  const gang = source.discovery === null ? null : chooseGang(job, await servedKinds(source.discovery, job), pods);
  const groups = gang?.kind == null ? [] : await listChildren(source, gang.kind, job);
  const templates = hasDevices(job) ? await listChildren(source, RESOURCE_CLAIM_TEMPLATES, job) : [];
  const [group = null] = groups;
  return {
    gang: gang === null ? null : { gang, group },
    objects: [
      ...groups.map((object) => ({ kind: gang!.kind!, object })),
      ...templates.map((object) => ({ kind: RESOURCE_CLAIM_TEMPLATES, object })),
    ],
  };
}

async function servedKinds(discovery: Discovery, { spec }: PPOJob): Promise<(kind: { apiVersion: string }) => boolean> {
  const isNeeded = spec.scheduling.gang !== 'None' && spec.scheduling.gang !== 'Kueue';
  const kinds = isNeeded ? POD_GROUP_KINDS : [];
  const answers = await Promise.all(kinds.map((kind) => discovery.serves(kind)));
  const served = new Set(kinds.filter((_, i) => answers[i]).map(({ apiVersion }) => apiVersion));
  return ({ apiVersion }) => served.has(apiVersion);
}

/** The job's children of a kind that not every job has; they are followed from then on. */
export async function listChildren<T extends KubernetesObject>(
  { cluster, follow }: PlacementSource,
  kind: ResourceKind<T>,
  job: PPOJob,
): Promise<Stored<T>[]> {
  const { namespace, name, uid = '' } = job.metadata;
  try {
    const { items } = await cluster.list(kind, { namespace, labels: { [LABELS.job]: name } });
    follow(kind);
    return items.filter((object) => isControlledBy(object, uid));
  } catch (error) {
    // The server doesn't have the kind: then it has none of ours, and writing one will say so.
    if (error instanceof NotFoundError) return [];
    throw error;
  }
}
