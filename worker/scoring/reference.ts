/** The reference role: logprobs of responses under the frozen policy that the KL is measured against. */
import type { WorkerSettings } from '../config.ts';
import { openModelScorer } from './model-scorer.ts';
import { runScorer } from './scorer-worker.ts';

export async function runReference(settings: WorkerSettings): Promise<void> {
  await runScorer(settings, {
    kind: 'LOGPROBS',
    source: (job) => job.models.reference,
    open: (job) => {
      const model = { kind: 'LOGPROBS', head: 'language-model', modelPath: job.models.reference } as const;
      return openModelScorer(model, job, settings);
    },
  });
}
