/** What a manifest would start, in words. Starts nothing. */
import { stringify } from 'yaml';
import { LABELS } from '../api/names.ts';
import type { PPOJob } from '../api/ppojob.ts';
import type { Pod } from '../cluster/objects.ts';
import { planJob } from '../plan/plan.ts';

/** The job with its defaults, and a line for each pod. */
export function describePlan(job: PPOJob): string {
  const planned = { ...job, metadata: { ...job.metadata, uid: 'dry-run' } };
  const { pods } = planJob(planned, { outcome: null });
  const numProcesses = pods.reduce((sum, pod) => sum + containersOf(pod).length, 0);
  return [
    stringify(job),
    `${pods.length} pods, ${numProcesses} processes:`,
    ...pods.map(
      (pod) =>
        `  ${(pod.metadata.labels?.[LABELS.role] ?? '').padEnd(13)}${pod.metadata.name}: ${containersOf(pod).join(', ')}`,
    ),
    `output: ${job.spec.output.path}`,
    'the manifest is right; nothing was started (--dry-run)',
  ].join('\n');
}

function containersOf({ spec }: Pod): string[] {
  return [...(spec.initContainers ?? []), ...spec.containers].map((container) => container.name);
}
