// Pods of a group in one of Kueue's queues. Kueue keeps those that are to go until others have taken their place, and the
// group's quota until all of it has succeeded. A job's pods come back under the same names, and most of them never succeed:
// so they are let go, and the group is told that it is over. Pure; it refuses to know when pods are made and deleted.

import type { Pod, Stored } from '../cluster/objects.ts';
import { KUEUE } from '../plan/pod-groups.ts';
import { hasEnded } from './pod-state.ts';

/** Whether Kueue holds the pod as one of a group. Of pods by themselves it lets go itself. */
function isHeld({ metadata }: Pod): boolean {
  return metadata.labels?.[KUEUE.groupLabel] !== undefined && (metadata.finalizers ?? []).includes(KUEUE.finalizer);
}

/** Whether the pod may have to be written: then it is needed whole. */
export function isWritable(pod: Pod): boolean {
  return isHeld(pod) && (pod.metadata.deletionTimestamp !== undefined || hasEnded(pod));
}

export interface QueuedInput {
  /** Uids of pods that have been going for too long. */
  readonly abandoned: ReadonlySet<string>;
  /** Whether the job has ended, or is gone. */
  readonly isOver: boolean;
}

/** The pods that should be other than they are, as they should be. */
export function changeQueued(pods: readonly Stored<Pod>[], { abandoned, isOver }: QueuedInput): Stored<Pod>[] {
  return pods.filter(isHeld).flatMap((pod) => {
    if (pod.metadata.deletionTimestamp !== undefined) {
      // What still runs is held, as it should be.
      const isDown = hasEnded(pod) || pod.spec.nodeName === undefined || abandoned.has(pod.metadata.uid);
      return isDown ? [letGo(pod)] : [];
    }
    const isTold = pod.metadata.annotations?.[KUEUE.retriable] !== undefined;
    return isOver && hasEnded(pod) && !isTold ? [tellEnd(pod)] : [];
  });
}

function letGo(pod: Stored<Pod>): Stored<Pod> {
  const finalizers = (pod.metadata.finalizers ?? []).filter((finalizer) => finalizer !== KUEUE.finalizer);
  return { ...pod, metadata: { ...pod.metadata, finalizers } };
}

function tellEnd(pod: Stored<Pod>): Stored<Pod> {
  const annotations = { ...pod.metadata.annotations, [KUEUE.retriable]: 'false' };
  return { ...pod, metadata: { ...pod.metadata, annotations } };
}
