/** Series that are looked up when somebody asks: progress, phases with their time, members. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { Membership } from '../../../worker/coordinator/membership.ts';
import { showMembers, showProgress } from '../../../worker/coordinator/observed-series.ts';
import { ProgressBoard } from '../../../worker/coordinator/progress.ts';
import { Series } from '../../../worker/service/series.ts';
import { jobConfig } from './fake-job.ts';
import { assertSamples, samplesOf } from './samples.ts';

function create(target: number | null = 1) {
  const clock = { ms: 0 };
  const config = jobConfig('/models', { algorithm: { kl: { target } } });
  const expected = { generation: 2, actor: 1, critic: 1, reference: 1, reward: 1 };
  const membership = new Membership({ expected, silentMs: 1000, nowMs: () => clock.ms });
  const progress = new ProgressBoard(config.algorithm.numIterations, () => clock.ms);
  const registry = new Registry();
  return { clock, membership, progress, registry, job: { config, membership, progress }, series: new Series(registry) };
}

test('follows the progress board', async () => {
  const { progress, registry, series, job } = create();
  showProgress(series, job);
  const before = await samplesOf(registry);
  assert.ok(before.includes('ppo_iteration 0') && before.includes('ppo_iteration_target 4'));
  assert.ok(!before.some((line) => line.startsWith('ppo_evaluation_')), 'nothing has been measured yet');
  progress.update({ iteration: 3, lastCheckpointIteration: 2, accuracy: 0.75, accuracyBefore: 0.25 });
  await assertSamples(registry, [
    'ppo_iteration 3',
    'ppo_checkpoint_iteration 2',
    'ppo_checkpoint_interval_iterations 2',
    'ppo_policy_kl_target 1',
    'ppo_evaluation_accuracy_ratio 0.75',
    'ppo_evaluation_initial_accuracy_ratio 0.25',
  ]);
});

test('has no KL target where the coefficient is fixed', async () => {
  const { registry, series, job } = create(null);
  showProgress(series, job);
  assert.ok(!(await samplesOf(registry)).some((line) => line.startsWith('ppo_policy_kl_target')));
});

test('tells the phase, and the time in each, also of the one under way', async () => {
  const { clock, progress, registry, series, job } = create();
  showProgress(series, job);
  clock.ms = 2000;
  progress.update({ phase: 'Generating' });
  clock.ms = 5000;
  await assertSamples(registry, [
    'ppo_phase{phase="WaitingForWorkers"} 0',
    'ppo_phase{phase="Generating"} 1',
    'ppo_phase_seconds_total{phase="WaitingForWorkers"} 2',
    'ppo_phase_seconds_total{phase="Generating"} 3',
    'ppo_phase_seconds_total{phase="Training"} 0',
  ]);
});

test('counts who is alive, who should be, and who was lost', async () => {
  const { clock, membership, registry, series, job } = create();
  showMembers(series, job);
  const member = { role: 'actor', index: 0, address: '127.0.0.1:1', incarnation: 'a', pod: 'p' };
  membership.register(member, 0);
  await assertSamples(registry, [
    'ppo_members{role="actor"} 1',
    'ppo_members{role="generation"} 0',
    'ppo_members_expected{role="generation"} 2',
    'ppo_member_losses_total{role="actor"} 0',
    'ppo_membership_epoch 1',
  ]);
  for (let second = 1; second <= 4; second++) {
    clock.ms = second * 400;
    membership.sweep();
  }
  await assertSamples(registry, ['ppo_members{role="actor"} 0', 'ppo_member_losses_total{role="actor"} 1']);
  membership.want('generation', 1);
  await assertSamples(registry, ['ppo_members_expected{role="generation"} 1', 'ppo_members_expected{role="actor"} 1']);
});
