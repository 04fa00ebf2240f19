// PPOJob as a kind of object in a cluster. It refuses to know what a valid spec is: who reads one parses it.

import { API_VERSION, KIND, PLURAL } from '../api/names.ts';
import type { PPOJobStatus } from '../api/ppojob.ts';
import type { ObjectName, ResourceKind } from '../cluster/cluster.ts';
import type { KubernetesObject } from '../cluster/objects.ts';

/** A PPOJob as it lies in a cluster: anybody may have written any spec. */
export interface PPOJobObject extends KubernetesObject {
  readonly spec?: unknown;
  readonly status?: PPOJobStatus;
}

export const PPO_JOBS: ResourceKind<PPOJobObject> = {
  apiVersion: API_VERSION,
  kind: KIND,
  plural: PLURAL,
  hasStatus: true,
};

/** A job's key in work queues and maps: namespace/name. */
export function keyOf(name: ObjectName): string {
  return `${name.namespace}/${name.name}`;
}

export function nameOfKey(key: string): ObjectName {
  const [namespace, name] = key.split('/');
  if (namespace === undefined || name === undefined) throw new Error(`internal: ${key} is no key`);
  return { namespace, name };
}

/** The key of the PPOJob that controls `object`; null when none does. */
export function ownerKeyOf(object: KubernetesObject): string | null {
  const owner = object.metadata.ownerReferences?.find(
    (reference) => reference.controller && reference.kind === KIND && reference.apiVersion === API_VERSION,
  );
  return owner === undefined ? null : keyOf({ namespace: object.metadata.namespace, name: owner.name });
}
