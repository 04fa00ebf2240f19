/** The reward role: one score per response, by the reward model or by a function of the user's. */
import type { JobConfig } from '../api/job-config.ts';
import type { WorkerSettings } from '../config.ts';
import { openModelScorer } from './model-scorer.ts';
import { openFunctionScorer } from './reward-function.ts';
import { runScorer, type Scorer } from './scorer-worker.ts';

export async function runReward(settings: WorkerSettings): Promise<void> {
  await runScorer(settings, {
    kind: 'REWARDS',
    source: ({ models, reward }) => models.reward ?? reward.function?.path ?? '',
    open: (job) => openReward(job, settings),
  });
}

function openReward(job: JobConfig, settings: WorkerSettings): Promise<Scorer> {
  const { models, reward } = job;
  if (reward.function !== null) return openFunctionScorer(reward.function, models.actor);
  const model = { kind: 'REWARDS', head: 'score', modelPath: models.reward ?? '' } as const;
  return openModelScorer(model, job, settings);
}
