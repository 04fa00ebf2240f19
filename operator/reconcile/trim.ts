// What the operator needs not remember of the objects that it follows: most of a pod's spec, which is written once and never
// compared, and what nodes say about containers that nobody here asks for. Pure; it refuses to know the cache.

import { PODS } from '../cluster/cluster.ts';
import { deepFreeze } from '../cluster/json.ts';
import type { Container, ContainerStatus, KubernetesObject, Pod, PodStatus, Stored } from '../cluster/objects.ts';
import { isWritable } from './queued-pods.ts';

/** As it is remembered. A pod keeps its containers' names, its node and its gang; such a pod may not be written back. */
export function trim<T extends KubernetesObject>(object: Stored<T>): Stored<T> {
  if (object.kind !== PODS.kind || object.apiVersion !== PODS.apiVersion) return object;
  const pod = object as unknown as Stored<Pod>;
  if (isWritable(pod)) return object;
  const { spec, status, ...rest } = pod;
  const { nodeName, schedulingGroup } = spec;
  const trimmed: Stored<Pod> = {
    ...rest,
    spec: {
      containers: spec.containers.map(bare),
      ...(spec.initContainers !== undefined && { initContainers: spec.initContainers.map(bare) }),
      ...(nodeName !== undefined && { nodeName }),
      ...(schedulingGroup !== undefined && { schedulingGroup }),
    },
    ...(status !== undefined && { status: trimStatus(status) }),
  };
  return deepFreeze(trimmed) as unknown as Stored<T>;
}

function bare({ name, image }: Container): Container {
  return { name, image };
}

/** What there is per pod there is thousands of times: identifiers of containers and images are most of a status. */
function trimStatus(status: PodStatus): PodStatus {
  const { phase, reason, message, podIP, startTime, conditions, containerStatuses, initContainerStatuses } = status;
  return {
    phase,
    ...defined({ reason, message, podIP, startTime, conditions }),
    ...(containerStatuses !== undefined && { containerStatuses: containerStatuses.map(trimContainer) }),
    ...(initContainerStatuses !== undefined && { initContainerStatuses: initContainerStatuses.map(trimContainer) }),
  };
}

function trimContainer(status: ContainerStatus): ContainerStatus {
  const { name, ready, started, restartCount, state, lastState } = status;
  return { name, ready, restartCount, state, ...defined({ started, lastState }) };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
