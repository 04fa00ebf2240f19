/**
 * The coordinator's Prometheus series of what is so whenever somebody looks: how far the job is, which phase it is in and
 * for how long it was in each, who works for it. Changes nothing of what it reads.
 */
import type { JobConfig } from '../api/job-config.ts';
import type { Series } from '../service/series.ts';
import { type Membership, WORKER_ROLES } from './membership.ts';
import { PHASES, type ProgressBoard } from './progress.ts';

export interface ObservedJob {
  readonly config: JobConfig;
  readonly membership: Membership;
  readonly progress: ProgressBoard;
}

export function showProgress(series: Series, { config, progress }: ObservedJob): void {
  series.gaugeOf('ppo_iteration', 'Iterations done', () => progress.state.iteration);
  series.gauge('ppo_iteration_target', 'Iterations that the job is to do').set(config.algorithm.numIterations);
  const saved = 'Iterations done at the last checkpoint, 0 before the first';
  series.gaugeOf('ppo_checkpoint_iteration', saved, () => progress.state.lastCheckpointIteration);
  const interval = 'Iterations from one checkpoint to the next, 0 for none';
  series.gauge('ppo_checkpoint_interval_iterations', interval).set(config.checkpoint.everyIterations);
  const target = series.gauge('ppo_policy_kl_target', 'KL of a response that the coefficient aims at, in nats');
  if (config.algorithm.kl.target !== null) target.set(config.algorithm.kl.target);

  const now = 'Share of held-out prompts answered rightly, when last measured';
  series.gaugeOf('ppo_evaluation_accuracy_ratio', now, () => progress.state.accuracy);
  const before = 'Share of held-out prompts answered rightly before the first iteration';
  series.gaugeOf('ppo_evaluation_initial_accuracy_ratio', before, () => progress.state.accuracyBefore);

  const phases = { label: 'phase', values: PHASES } as const;
  const isPresent = 'Whether the job is in a phase, 1 or 0';
  series.gaugesOf('ppo_phase', isPresent, { ...phases, read: (phase) => Number(progress.state.phase === phase) });
  const time = 'Time that the job has been in a phase';
  series.countersOf('ppo_phase_seconds_total', time, { ...phases, read: (phase) => progress.secondsIn(phase) });
}

export function showMembers(series: Series, { membership }: Pick<ObservedJob, 'membership'>): void {
  const roles = { label: 'role', values: WORKER_ROLES } as const;
  series.gaugeOf('ppo_membership_epoch', 'Changes of who works for the job', () => membership.epoch);
  const alive = 'Workers that are alive, by role';
  series.gaugesOf('ppo_members', alive, { ...roles, read: (role) => membership.alive(role).length });
  const expected =
    'Workers that the job should have, by role: of generation as many as it is scaled to, or minGenerationReplicas';
  series.gaugesOf('ppo_members_expected', expected, { ...roles, read: (role) => membership.numWanted(role) });
  const lost = series.counterBy('ppo_member_losses_total', 'Workers that were lost, by role', ['role']);
  for (const role of WORKER_ROLES) lost.inc({ role }, 0);
  membership.onChange((change) => {
    if (change?.kind === 'lost') lost.inc({ role: change.member.role });
  });
}
