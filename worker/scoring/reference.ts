/** The reference role: logprobs of responses under the frozen policy that the KL is measured against. */
import type { WorkerSettings } from '../config.ts';
import { runScorer } from './scorer-worker.ts';

export async function runReference(settings: WorkerSettings): Promise<void> {
  await runScorer(settings, {
    kind: 'LOGPROBS',
    head: 'language-model',
    modelPath: (job) => job.models.reference,
  });
}
