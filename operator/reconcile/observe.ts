// What is there of a job: the job itself and the children that it controls. Reads only; it refuses to judge.

import { LABELS } from '../api/names.ts';
import { type Cluster, CONFIG_MAPS, type ListOptions, PODS, SERVICES } from '../cluster/cluster.ts';
import { NotFoundError } from '../cluster/errors.ts';
import type { ConfigMap, KubernetesObject, Pod, Service, Stored } from '../cluster/objects.ts';
import { nameOfKey, ownerKeyOf, PPO_JOBS, type PPOJobObject } from './ppojob-kind.ts';

export interface Observed {
  readonly job: Stored<PPOJobObject>;
  readonly pods: readonly Stored<Pod>[];
  /** Of an earlier job of the same name: they are being collected, and their names are taken meanwhile. */
  readonly formerPods: readonly Stored<Pod>[];
  readonly services: readonly Stored<Service>[];
  readonly configMaps: readonly Stored<ConfigMap>[];
}

/** Null when the job is gone. Other children of an earlier job of the same name are left out. */
export async function observe(cluster: Cluster, key: string): Promise<Observed | null> {
  const job = await findJob(cluster, key);
  if (job === null) return null;
  const { uid } = job.metadata;
  const options = childrenOf(job);
  const [pods, services, configMaps] = await Promise.all([
    observeAllPods(cluster, key),
    cluster.list(SERVICES, options),
    cluster.list(CONFIG_MAPS, options),
  ]);
  return {
    job,
    pods: pods.filter((object) => isControlledBy(object, uid)),
    formerPods: pods.filter((object) => !isControlledBy(object, uid)),
    services: services.items.filter((object) => isControlledBy(object, uid)),
    configMaps: configMaps.items.filter((object) => isControlledBy(object, uid)),
  };
}

export async function observePods(cluster: Cluster, job: Stored<PPOJobObject>): Promise<readonly Stored<Pod>[]> {
  const { items } = await cluster.list(PODS, childrenOf(job));
  return items.filter((object) => isControlledBy(object, job.metadata.uid));
}

/** Of whichever job has, or had, this name. */
export async function observeAllPods(cluster: Cluster, key: string): Promise<readonly Stored<Pod>[]> {
  const { namespace, name } = nameOfKey(key);
  const { items } = await cluster.list(PODS, { namespace, labels: { [LABELS.job]: name } });
  return items.filter((pod) => ownerKeyOf(pod) === key);
}

function childrenOf({ metadata }: Stored<PPOJobObject>): ListOptions {
  return { namespace: metadata.namespace, labels: { [LABELS.job]: metadata.name } };
}

async function findJob(cluster: Cluster, key: string): Promise<Stored<PPOJobObject> | null> {
  try {
    return await cluster.get(PPO_JOBS, nameOfKey(key));
  } catch (error) {
    if (error instanceof NotFoundError) return null;
    throw error;
  }
}

export function isControlledBy(object: KubernetesObject, uid: string): boolean {
  return (object.metadata.ownerReferences ?? []).some((reference) => reference.controller && reference.uid === uid);
}
