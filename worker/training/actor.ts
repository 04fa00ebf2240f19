/** The actor role: the policy, trained with PPO's clipped loss; the source of every weight version. */
import type { WorkerSettings } from '../config.ts';
import { policyOptions } from './objectives/policy.ts';
import { runTrainer } from './trainer-worker.ts';

export async function runActor(settings: WorkerSettings): Promise<void> {
  await runTrainer(settings, {
    name: 'actor',
    modelPath: (job) => job.models.actor,
    newHeadSeed: () => null,
    objective: (job) => ({ kind: 'policy', options: policyOptions(job) }),
  });
}
