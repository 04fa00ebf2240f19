/**
 * The image of a job's pods: the manifest's; else the operator's own, as it was when the first of the pods was made. An
 * operator that is upgraded meanwhile doesn't mix versions in a job: the pods that it replaces get the image of those
 * that stay. Knows no registry.
 */
import { ANNOTATIONS } from '../api/names.ts';
import type { PPOJob } from '../api/ppojob.ts';
import type { Pod } from '../cluster/objects.ts';
import type { Platform } from './platform.ts';

/** `existing` are the job's pods as they stand. */
export function imageOf({ spec }: PPOJob, { workerImage }: Platform, existing: readonly Pod[]): string {
  if (spec.image !== undefined) return spec.image;
  const remembered = existing.map(({ metadata }) => metadata.annotations?.[ANNOTATIONS.workerImage]);
  return remembered.find((image) => image !== undefined) ?? workerImage;
}

/** `pod` with a note of the image that was chosen for it; unchanged where the manifest names one. */
export function rememberImage(pod: Pod, { spec }: PPOJob, image: string): Pod {
  if (spec.image !== undefined) return pod;
  const annotations = { ...pod.metadata.annotations, [ANNOTATIONS.workerImage]: image };
  return { ...pod, metadata: { ...pod.metadata, annotations } };
}
