/** Jobs, pods and events as a cluster hands them out, for tests of what is said of them. */
import { LABELS } from '../../../operator/api/names.ts';
import type { PPOJobStatus } from '../../../operator/api/ppojob.ts';
import type { Event, Pod, PodStatus, Stored } from '../../../operator/cluster/objects.ts';
import type { PPOJobObject } from '../../../operator/reconcile/ppojob-kind.ts';

export const NOW_MS = Date.parse('2026-01-01T01:00:00Z');
const CREATED = '2026-01-01T00:00:00Z';

function stored(name: string) {
  return { name, namespace: 'ml', uid: `uid-${name}`, resourceVersion: '1', generation: 1, creationTimestamp: CREATED };
}

export function storedJob(status: PPOJobStatus | undefined, metadata = {}, spec = {}): Stored<PPOJobObject> {
  const job = { apiVersion: 'rlhf.dev/v1alpha1', kind: 'PPOJob', metadata: { ...stored('tiny'), ...metadata }, spec };
  return status === undefined ? job : { ...job, status: { observedGeneration: 1, ...status } };
}

export function condition(type: string, status: 'True' | 'False', reason: string, message = '') {
  return { type, status, reason, message, lastTransitionTime: CREATED };
}

export function storedPod(role: string, index: number, status: PodStatus, metadata = {}): Stored<Pod> {
  const name = `tiny-${role}-${index}`;
  const labels = { [LABELS.job]: 'tiny', [LABELS.role]: role, [LABELS.index]: String(index) };
  const ports = [{ name: 'metrics', containerPort: 9090 }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...stored(name), labels, ...metadata },
    spec: {
      containers: [{ name: 'worker', image: 'i', ports }],
      initContainers: [{ name: 'communicator', image: 'i', restartPolicy: 'Always' }],
      nodeName: 'node-a',
    },
    status,
  };
}

/** `uid`: of the object that it is about, where a cluster gave it one. */
export function storedEvent(
  kind: string,
  name: string,
  reason: string,
  message: string,
  uid = `uid-${name}`,
): Stored<Event> {
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: stored(`${name}.${reason.toLowerCase()}`),
    involvedObject: { apiVersion: 'v1', kind, namespace: 'ml', name, uid },
    ...{ type: 'Warning', reason, message, count: 2, source: { component: 'x' } },
    ...{ firstTimestamp: CREATED, lastTimestamp: '2026-01-01T00:58:00Z' },
  };
}
