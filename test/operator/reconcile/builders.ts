// Jobs, pods and faults for tests of pure parts. Knows no assertions and no cluster.

import { LABELS, type RoleName } from '../../../operator/api/names.ts';
import { parsePPOJob } from '../../../operator/api/parse.ts';
import type { PPOJob } from '../../../operator/api/ppojob.ts';
import type { ContainerState, Pod, PodCondition, PodStatus, Stored } from '../../../operator/cluster/objects.ts';
import type { PodFault } from '../../../operator/reconcile/pod-fault.ts';
import { buildPod } from '../cluster/fixtures.ts';
import { buildJob } from './fixtures.ts';

export const START_MS = Date.UTC(2026, 0, 1);
const START = '2026-01-01T00:00:00Z';

export function jobOf(spec: Record<string, unknown> = {}): PPOJob {
  const parsed = parsePPOJob(buildJob(spec));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.job;
}

/** A pod of `group` made at START_MS, with uid `<group>-<index>`. */
export function podOf(
  group: string,
  status: PodStatus,
  o: { readonly index?: number; readonly uid?: string; readonly deletionTimestamp?: string } = {},
): Stored<Pod> {
  const { index = 0, uid = `${group}-${index}`, deletionTimestamp } = o;
  const pod = buildPod(`tiny-${group}-${index}`);
  const metadata = {
    ...pod.metadata,
    ...{ uid, resourceVersion: '1', generation: 1, creationTimestamp: START },
    ...(deletionTimestamp !== undefined && { deletionTimestamp }),
    labels: { [LABELS.role]: group, [LABELS.index]: String(index) },
  };
  return { ...pod, metadata, status };
}

export function podStatus(
  phase: PodStatus['phase'],
  states: Record<string, ContainerState>,
  more: Partial<PodStatus> = {},
): PodStatus {
  const containerStatuses = Object.entries(states).map(([name, state]) => ({
    ...{ name, ready: false, restartCount: 0, state },
  }));
  return { phase, containerStatuses, ...more };
}

export function waiting(reason: string, message = ''): PodStatus {
  return podStatus('Pending', { worker: { waiting: { reason, message } } });
}

export function disrupted(reason: string, message = 'taken away'): PodCondition {
  return { type: 'DisruptionTarget', status: 'True', reason, message };
}

export function unschedulable(since: string | null = START, reason = 'Unschedulable'): PodStatus {
  const condition = { type: 'PodScheduled', status: 'False', reason, message: '0/3 nodes are available' } as const;
  return { phase: 'Pending', conditions: [{ ...condition, ...(since !== null && { lastTransitionTime: since }) }] };
}

/** Of a pod that has a node, which has not set up its volumes and network. */
export function unprepared(since: string = START): PodStatus {
  const condition = { type: 'PodReadyToStartContainers', status: 'False', lastTransitionTime: since } as const;
  return { ...waiting('ContainerCreating'), conditions: [condition] };
}

export function faultOf(role: RoleName, more: Partial<PodFault> = {}): PodFault {
  return {
    ...{ pod: `tiny-${role}-0`, uid: `${role}-0`, role, group: role, exitCode: 1, message: 'boom' },
    ...{ reasons: ['Error'], conditions: [], cause: 'Program', hopeless: null },
    ...more,
  };
}
