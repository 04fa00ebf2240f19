/** Figures of an iteration under names of their own, absent where an iteration doesn't have them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from 'prom-client';
import { FigureSeries } from '../../../worker/coordinator/figure-series.ts';
import { Series } from '../../../worker/service/series.ts';
import { samplesOf } from './samples.ts';

test('shows the figures that an iteration has, and no others', async () => {
  const registry = new Registry();
  const figures = new FigureSeries(new Series(registry));
  assert.deepEqual(await samplesOf(registry), []);
  figures.show({ 'rollout/score': 0.5, 'loss/policy': -0.125, 'timing/rollout': 3 });
  assert.deepEqual(await samplesOf(registry), ['ppo_rollout_score_mean 0.5', 'ppo_policy_loss -0.125']);
});

test('a figure that is gone is not shown as it was', async () => {
  const registry = new Registry();
  const figures = new FigureSeries(new Series(registry));
  figures.show({ 'rollout/score': 0.5, 'loss/policy': -0.125 });
  figures.show({ 'rollout/score': 0.75 });
  assert.deepEqual(await samplesOf(registry), ['ppo_rollout_score_mean 0.75']);
});

test('a figure that is not a number is shown as what it is', async () => {
  const registry = new Registry();
  new FigureSeries(new Series(registry)).show({ 'policy/logprobDifference': Number.NaN });
  // Prometheus reads it in any case.
  assert.match((await samplesOf(registry))[0]!, /^ppo_parity_logprob_difference_max nan$/i);
});
