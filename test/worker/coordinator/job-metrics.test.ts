/** Series of what happens in a job: rollouts, scores, iterations, failures. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { createMembership } from '../../../worker/coordinator/assemble.ts';
import { JobMetrics } from '../../../worker/coordinator/job-metrics.ts';
import { ProgressBoard } from '../../../worker/coordinator/progress.ts';
import type { Logger } from '../../../worker/service/log.ts';
import { jobConfig } from './fake-job.ts';
import { assertSamples, samplesOf } from './samples.ts';

const SILENT = { info: () => {} } as unknown as Logger;

function create() {
  const config = jobConfig('/models');
  const registry = new Registry();
  const membership = createMembership(config, () => 0, SILENT);
  const progress = new ProgressBoard(config.algorithm.numIterations, () => 0);
  return { registry, metrics: new JobMetrics(registry, { config, membership, progress }) };
}

test('counters begin at 0, so that a first failure is an increase', async () => {
  await assertSamples(create().registry, [
    'ppo_iterations_total 0',
    'ppo_rollbacks_total 0',
    'ppo_weight_sync_failures_total 0',
    'ppo_rollout_requeued_responses_total 0',
    'ppo_rollout_responses_total{finish_reason="length"} 0',
    'ppo_scoring_failures_total{role="reward"} 0',
    'ppo_scoring_seconds_count{role="reward"} 0',
  ]);
});

test('counts responses by how they ended, and their tokens', async () => {
  const { registry, metrics } = create();
  const response = { responseTokenIds: [1, 2, 3], rolloutLogprobs: [0, 0, 0], finishReason: 'stop' } as const;
  metrics.onRollout([response, response, { ...response, responseTokenIds: [1], finishReason: 'length' }]);
  await assertSamples(registry, [
    'ppo_rollout_responses_total{finish_reason="stop"} 2',
    'ppo_rollout_responses_total{finish_reason="length"} 1',
    'ppo_rollout_response_tokens_sum 7',
    'ppo_rollout_response_tokens_bucket{le="2"} 1',
  ]);
});

test('shows an iteration: its figures, its length, when it ended', async () => {
  const { registry, metrics } = create();
  metrics.onIteration({ 'rollout/score': 0.5, 'timing/iteration': 12 });
  await assertSamples(registry, [
    'ppo_iterations_total 1',
    'ppo_iteration_seconds_sum 12',
    'ppo_rollout_score_mean 0.5',
  ]);
  const [line] = (await samplesOf(registry)).filter((sample) => sample.startsWith('ppo_iteration_timestamp_seconds '));
  const [, seconds] = line!.split(' ');
  assert.ok(Math.abs(Number(seconds) - Date.now() / 1000) < 600, line);
});

test('measures how long each role takes for a rollout', async () => {
  const { registry, metrics } = create();
  metrics.onScored('reward', 2);
  metrics.onScored('actor', 0.5);
  await assertSamples(registry, [
    'ppo_scoring_seconds_sum{role="reward"} 2',
    'ppo_scoring_seconds_count{role="actor"} 1',
  ]);
});
