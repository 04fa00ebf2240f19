/** A pod that comes no further, while the operator still waits for it: no room, a gate, an image, a Secret, a volume. Pure. */
import { REASONS } from '../../api/names.ts';
import type { Pod, Stored } from '../../cluster/objects.ts';
import { findUnstartable } from '../../reconcile/pod-fault.ts';
import { unpreparedCondition, unschedulableCondition } from '../../reconcile/pod-state.ts';

export interface StuckPod {
  readonly pod: Stored<Pod>;
  readonly reason: string | null;
  readonly why: string;
  readonly remedies: readonly string[];
}

const SCHEDULED = 'PodScheduled';
const GATED = 'SchedulingGated';

/** What can't start is told before what has no room: it needs somebody's hands. */
export function findStuckPod(pods: readonly Stored<Pod>[]): StuckPod | null {
  const live = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  for (const find of [findBroken, findUnplaced, findUnprepared, findGated, findIgnored]) {
    for (const pod of live) {
      const stuck = find(pod);
      if (stuck !== null) return stuck;
    }
  }
  return null;
}

function findBroken(pod: Stored<Pod>): StuckPod | null {
  const found = findUnstartable(pod);
  return found === null ? null : { pod, reason: found.fault.hopeless, why: found.fault.message, remedies: [] };
}

function findUnplaced(pod: Stored<Pod>): StuckPod | null {
  const condition = unschedulableCondition(pod);
  if (condition === null) return null;
  const why = `no node has room for it: ${condition.message ?? ''}`;
  return { pod, reason: REASONS.unschedulable, why, remedies: [] };
}

function findUnprepared(pod: Stored<Pod>): StuckPod | null {
  if (unpreparedCondition(pod) === null) return null;
  const why = `node ${pod.spec.nodeName} has not set up its volumes and its network yet`;
  return { pod, reason: REASONS.volumesUnavailable, why, remedies: [] };
}

function findGated(pod: Stored<Pod>): StuckPod | null {
  const condition = pod.status?.conditions?.find(({ type }) => type === SCHEDULED);
  if (condition?.status !== 'False' || condition.reason !== GATED) return null;
  const why = `it is held back until its quota or its gang is complete: ${condition.message ?? ''}`;
  const remedies = [
    'with Kueue, see what the queue waits for: kubectl get workloads -n {namespace}; kubectl describe localqueue -n {namespace}',
    'with gangs, there must be room for all pods of the job at once: spec.scheduling says how many are waited for',
  ];
  return { pod, reason: null, why, remedies };
}

/** A scheduler says of every pod what has become of it; one that isn't there says nothing, for ever. */
function findIgnored(pod: Stored<Pod>): StuckPod | null {
  const { nodeName, schedulerName = 'default-scheduler' } = pod.spec;
  const { phase = 'Pending', conditions = [] } = pod.status ?? {};
  if (phase !== 'Pending' || nodeName !== undefined || conditions.some(({ type }) => type === SCHEDULED)) return null;
  const why = `the scheduler "${schedulerName}" has not looked at it`;
  const remedies = [
    `see whether a scheduler of the name "${schedulerName}" runs; where yours has another name, set spec.scheduling.schedulerName`,
    "with a queue, see whether it exists: spec.scheduling.queue is Volcano's queue",
  ];
  return { pod, reason: null, why, remedies };
}
