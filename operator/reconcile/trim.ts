// What the operator needs not remember of the objects that it follows: most of a pod's spec, which is written once and never
// compared. Pure; it refuses to know the cache.

import { PODS } from '../cluster/cluster.ts';
import { deepFreeze } from '../cluster/json.ts';
import type { Container, KubernetesObject, Pod, Stored } from '../cluster/objects.ts';

/** As it is remembered. A pod keeps its containers' names, its node and its gang; nothing may write it back. */
export function trim<T extends KubernetesObject>(object: Stored<T>): Stored<T> {
  if (object.kind !== PODS.kind || object.apiVersion !== PODS.apiVersion) return object;
  const { spec, ...rest } = object as unknown as Stored<Pod>;
  const { nodeName, schedulingGroup } = spec;
  const trimmed: Stored<Pod> = {
    ...rest,
    spec: {
      containers: spec.containers.map(bare),
      ...(spec.initContainers !== undefined && { initContainers: spec.initContainers.map(bare) }),
      ...(nodeName !== undefined && { nodeName }),
      ...(schedulingGroup !== undefined && { schedulingGroup }),
    },
  };
  return deepFreeze(trimmed) as unknown as Stored<T>;
}

function bare({ name, image }: Container): Container {
  return { name, image };
}
