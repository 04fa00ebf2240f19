// What Kueue says of a group of pods that it has not admitted. It reads, and refuses to judge.

import type { Cluster, ObjectName, ResourceKind } from '../cluster/cluster.ts';
import { ForbiddenError, NotFoundError } from '../cluster/errors.ts';
import type { Condition, KubernetesObject, Pod } from '../cluster/objects.ts';
import { KUEUE } from '../plan/pod-groups.ts';
import { queueOf } from './pod-state.ts';

/** What Kueue makes of each group, under the group's name. */
interface Workload extends KubernetesObject {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

const WORKLOADS: readonly ResourceKind<Workload>[] = ['v1beta2', 'v1beta1'].map((version) => ({
  ...{ apiVersion: `kueue.x-k8s.io/${version}`, kind: 'Workload', plural: 'workloads', hasStatus: true },
}));
/** Nobody tells of a change of these words. */
const LOOK_AGAIN_MS = 10_000;

export interface QueueWords {
  /** Null where it has said nothing. */
  readonly words: string | null;
  /** Until they may be others; null where no pod waits for Kueue. */
  readonly leftMs: number | null;
}

/** Of the group that these pods of a job belong to. */
export async function readQueueWords(cluster: Cluster, pods: readonly Pod[]): Promise<QueueWords> {
  const waiting = pods.find((pod) => queueOf(pod) !== null);
  if (waiting === undefined) return { words: null, leftMs: null };
  const { namespace, labels } = waiting.metadata;
  const workload = await findWorkload(cluster, { namespace, name: labels![KUEUE.groupLabel]! });
  const refusal = workload?.status?.conditions?.find(
    ({ type, status }) => type === 'QuotaReserved' && status === 'False',
  );
  return { words: refusal?.message || null, leftMs: LOOK_AGAIN_MS };
}

async function findWorkload(cluster: Cluster, { namespace, name }: ObjectName): Promise<Workload | null> {
  for (const kind of WORKLOADS) {
    try {
      return await cluster.get(kind, { namespace, name });
    } catch (error) {
      // No such version, or none made yet. Without the right to read it the job waits all the same.
      if (!(error instanceof NotFoundError || error instanceof ForbiddenError)) throw error;
    }
  }
  return null;
}
