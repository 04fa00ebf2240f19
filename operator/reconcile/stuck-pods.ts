// Pods that come no further: an image that can't be pulled, a Secret that isn't there, no node with room, a volume that can't
// be mounted. Says since when, and when that has lasted too long. Pure; it refuses to know what follows.

import type { PPOJob, PPOJobStatus, UnstartablePod } from '../api/ppojob.ts';
import { timestamp } from '../cluster/clock.ts';
import type { Pod, PodCondition, Stored } from '../cluster/objects.ts';
import { findUnstartable, type PodFault, unpreparedFault, unschedulableFault } from './pod-fault.ts';
import { groupOf, unpreparedCondition, unschedulableCondition } from './pod-state.ts';
import { isNeeded } from './wanted-pods.ts';

export interface StuckInput {
  readonly job: PPOJob;
  readonly status: PPOJobStatus;
  /** Pods that are wanted, and not being replaced. */
  readonly pods: readonly Stored<Pod>[];
  readonly nowMs: number;
}

export interface Stuck {
  /** Faults of pods that have been stuck for too long. */
  readonly faults: readonly PodFault[];
  /** The pod that can't start, for the status: a node doesn't say since when. */
  readonly unstartable: UnstartablePod | null;
  /** Until the next pod has been stuck for too long; null while none is stuck. */
  readonly leftMs: number | null;
}

export function findStuck(input: StuckInput): Stuck {
  const parts = [findUnstartablePods(input), ...WAITS.map((wait) => findWaitingPods(input, wait))];
  const left = parts.flatMap(({ leftMs }) => (leftMs === null ? [] : [leftMs]));
  return {
    faults: parts.flatMap(({ faults }) => faults),
    unstartable: parts.find(({ unstartable }) => unstartable !== null)?.unstartable ?? null,
    leftMs: left.length === 0 ? null : Math.min(...left),
  };
}

/** One pod is followed at a time: as long as it is stuck its time counts, then the next one's begins. */
function findUnstartablePods({ job, status, pods, nowMs }: StuckInput): Stuck {
  const found = pods.map(findUnstartable).filter((unstartable) => unstartable !== null);
  const final = found.filter(({ isFinal }) => isFinal).map(({ fault }) => fault);
  const known = found.find(({ fault }) => fault.uid === status.unstartable?.uid);
  const followed = known ?? found.find(({ isFinal }) => !isFinal);
  if (followed === undefined) return { faults: final, unstartable: null, leftMs: null };
  const { pod, uid } = followed.fault;
  const since = known === undefined ? timestamp(nowMs) : status.unstartable!.since;
  const unstartable = { pod, uid, since };
  const leftMs = Date.parse(since) + job.spec.failurePolicy.unstartableSeconds * 1000 - nowMs;
  if (leftMs > 0) return { faults: final, unstartable, leftMs };
  return { faults: [...new Set([...final, followed.fault])], unstartable, leftMs: null };
}

/** Without it the job is slower, and no more. */
function isDispensable(pod: Stored<Pod>, { job, status, pods }: StuckInput): boolean {
  if (!isNeeded(job, pod)) return true;
  const isTraining = (status.progress?.iteration ?? 0) > 0;
  const isGenerating = (other: Pod): boolean => groupOf(other) === 'generation' && other.status?.phase === 'Running';
  return groupOf(pod) === 'generation' && isTraining && pods.some(isGenerating);
}

/** What a pod waits for, and the fault of one that has waited for so long. */
interface Wait {
  readonly conditionOf: (pod: Pod) => PodCondition | null;
  readonly faultOf: (pod: Stored<Pod>, condition: PodCondition, seconds: number) => PodFault | null;
}

/** For room on a node; then for what its node does before containers start. */
const WAITS: readonly Wait[] = [
  { conditionOf: unschedulableCondition, faultOf: unschedulableFault },
  { conditionOf: unpreparedCondition, faultOf: unpreparedFault },
];

function findWaitingPods(input: StuckInput, { conditionOf, faultOf }: Wait): Stuck {
  const { job, pods, nowMs } = input;
  const limitSeconds = job.spec.failurePolicy.unschedulableSeconds;
  const faults: PodFault[] = [];
  let leftMs = Number.POSITIVE_INFINITY;
  for (const pod of pods) {
    const condition = conditionOf(pod);
    if (condition === null || isDispensable(pod, input)) continue;
    const sinceMs = Date.parse(condition.lastTransitionTime ?? pod.metadata.creationTimestamp);
    const podLeftMs = sinceMs + limitSeconds * 1000 - nowMs;
    if (podLeftMs > 0) leftMs = Math.min(leftMs, podLeftMs);
    else {
      const fault = faultOf(pod, condition, limitSeconds);
      if (fault !== null) faults.push(fault);
    }
  }
  return { faults, unstartable: null, leftMs: Number.isFinite(leftMs) ? leftMs : null };
}
