/** The critic role: the value model, trained towards the returns. */
import type { WorkerSettings } from '../config.ts';
import { valueOptions } from './objectives/value.ts';
import { runTrainer } from './trainer-worker.ts';

export async function runCritic(settings: WorkerSettings): Promise<void> {
  await runTrainer(settings, {
    name: 'critic',
    modelPath: (job) => job.models.critic,
    newHeadSeed: (job) => (job.criticHead === 'New' ? job.seed : null),
    objective: (job) => ({ kind: 'value', options: valueOptions(job) }),
  });
}
