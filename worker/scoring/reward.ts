/** The reward role: one score per response by the reward model. */
import type { WorkerSettings } from '../config.ts';
import { runScorer } from './scorer-worker.ts';

export async function runReward(settings: WorkerSettings): Promise<void> {
  await runScorer(settings, { kind: 'REWARDS', head: 'score', modelPath: (job) => job.models.reward });
}
