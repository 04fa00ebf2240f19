// Which changes may wait for others, so that eight pods on their way up are one reconcile and one write, not eight. Pure; it
// refuses to know how long.

import { PODS } from '../cluster/cluster.ts';
import type { KubernetesObject, Pod, Stored } from '../cluster/objects.ts';
import { findFault } from './pod-fault.ts';
import { hasEnded, hasFinished } from './pod-state.ts';

/** True for pods with which all is well: what is wrong with one, and its end, are looked at at once. */
export function mayWait(object: KubernetesObject): boolean {
  if (object.kind !== PODS.kind || object.apiVersion !== PODS.apiVersion) return false;
  const pod = object as Stored<Pod>;
  if (pod.metadata.deletionTimestamp !== undefined || hasEnded(pod) || hasFinished(pod)) return false;
  return findFault(pod) === null;
}
