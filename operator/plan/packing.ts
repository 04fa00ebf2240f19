/**
 * Places a job's pods near each other, as a placement group of strategy PACK does: by affinity to the pods of the same
 * job, which every scheduler understands. Adds to what the pod asks for already. Knows no scheduler.
 */
import type { PPOJob } from '../api/ppojob.ts';
import type { Pod } from '../cluster/objects.ts';
import { jobLabels } from './children.ts';

/** Above every preference of the pod's own. */
const WEIGHT = 100;

type Affinity = Readonly<Record<string, unknown>>;

function withTerm(affinity: Affinity, list: string, term: unknown): Affinity {
  return { ...affinity, [list]: [...((affinity[list] ?? []) as unknown[]), term] };
}

export function pack(pod: Pod, job: PPOJob): Pod {
  const { packing } = job.spec.scheduling;
  if (packing === undefined) return pod;
  const { topologyKey, mode } = packing;
  const term = { labelSelector: { matchLabels: jobLabels(job.metadata.name) }, topologyKey };
  const before = (pod.spec.affinity?.podAffinity ?? {}) as Affinity;
  // The first pod of all finds none to be near to: the scheduler lets a pod be its own company.
  const podAffinity =
    mode === 'Required'
      ? withTerm(before, 'requiredDuringSchedulingIgnoredDuringExecution', term)
      : withTerm(before, 'preferredDuringSchedulingIgnoredDuringExecution', { weight: WEIGHT, podAffinityTerm: term });
  return { ...pod, spec: { ...pod.spec, affinity: { ...pod.spec.affinity, podAffinity } } };
}
