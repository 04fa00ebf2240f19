/**
 * One pod out of the pods that several roles would have: a container and a sidecar for each role, what is the same in all
 * of them once. Their ports are apart already. The pod fails as one: the roles share devices and fate. Knows no role's
 * duties; that they take turns on a device is the workers' own affair.
 */
import { isDeepStrictEqual } from 'node:util';
import { COLOCATED, CONTAINERS, LABELS, type RoleName } from '../api/names.ts';
import type { PPOJob } from '../api/ppojob.ts';
import type { Container, Pod, Volume } from '../cluster/objects.ts';
import { childMeta, podName, roleLabels } from './children.ts';

/** A role's pod, as it would be by itself. */
export interface RolePod {
  readonly role: RoleName;
  readonly pod: Pod;
}

function containerName(name: string, role: RoleName): string {
  return name === CONTAINERS.worker ? role : `${role}-${name}`;
}

/** Names of ports and containers are told apart by role; a port's name has at most 15 characters. */
function rename(container: Container, role: RoleName, nameOfVolume: (name: string) => string): Container {
  const { ports, volumeMounts } = container;
  return {
    ...container,
    name: containerName(container.name, role),
    // Names would collide, and nobody looks ports of workers up by name.
    ...(ports && { ports: ports.map(({ name: _name, ...port }) => port) }),
    ...(volumeMounts && { volumeMounts: volumeMounts.map((mount) => ({ ...mount, name: nameOfVolume(mount.name) })) }),
  };
}

/** Folders in memory and on disk stay each role's own; what is read (configuration, secrets, claims) is shared. */
function isShared(volume: Volume, others: readonly Volume[]): boolean {
  if (volume.emptyDir !== undefined) return false;
  return others.every((other) => other.name !== volume.name || isDeepStrictEqual(other, volume));
}

export function colocate(job: PPOJob, index: number, rolePods: readonly RolePod[]): Pod {
  const [first] = rolePods;
  if (first === undefined) throw new Error('internal: a colocated pod carries at least one role');
  const all = rolePods.flatMap(({ pod }) => pod.spec.volumes ?? []);
  const volumes = new Map<string, Volume>();
  const parts = rolePods.map(({ role, pod }) => {
    const renamed = new Map<string, string>();
    for (const volume of pod.spec.volumes ?? []) {
      const name = isShared(volume, all) ? volume.name : `${volume.name}-${role}`;
      renamed.set(volume.name, name);
      volumes.set(name, { ...volume, name });
    }
    const move = (container: Container) => rename(container, role, (name) => renamed.get(name) ?? name);
    return { sidecars: (pod.spec.initContainers ?? []).map(move), workers: pod.spec.containers.map(move) };
  });
  const sidecars = parts.flatMap((part) => part.sidecars);
  const { name } = job.metadata;
  return {
    ...first.pod,
    metadata: childMeta(job, podName(name, COLOCATED, index), {
      ...roleLabels(name, COLOCATED),
      [LABELS.index]: String(index),
    }),
    spec: {
      ...first.pod.spec,
      ...(sidecars.length > 0 && { initContainers: sidecars }),
      containers: parts.flatMap((part) => part.workers),
      volumes: [...volumes.values()],
    },
  };
}
