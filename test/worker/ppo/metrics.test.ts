/** Figures of training's health. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  explainedVariance,
  maxAbsDifference,
  meanAbsDifference,
  meanResponseSum,
  summarize,
  tokenMean,
} from '../../../worker/ppo/metrics.ts';
import { batchOfLengths } from '../../../worker/ppo/token-batch.ts';
import { assertClose, batch, k1, newLogprobs, returns, rolloutLogprobs, values, withGarbage } from './golden.ts';

test('explained variance is 1 for a perfect critic, 0 for one that knows the mean, negative for a bad one', () => {
  const mean = new Float32Array(8).fill(0.5);
  assert.equal(explainedVariance(returns, returns, batch), 1);
  assertClose([explainedVariance(mean, returns, batch)], [0]);
  assert.ok(explainedVariance(returns.map((x) => -x) as Float32Array, returns, batch) < 0);
});

test('explained variance ignores masked positions, and returns that do not vary', () => {
  const garbage = explainedVariance(withGarbage(values, batch), withGarbage(returns, batch), batch);
  assert.equal(garbage, explainedVariance(values, returns, batch));
  assert.equal(explainedVariance(values, new Float32Array(8), batch), 0);
});

test('a mean over tokens and a mean of response sums differ', () => {
  assertClose([tokenMean(k1, batch), meanResponseSum(k1, batch)], [-0.12, -0.3]);
  assert.equal(meanResponseSum(new Float32Array(0), batchOfLengths([])), 0);
});

test('the parity metric finds the largest difference on a trained token', () => {
  assertClose([maxAbsDifference(newLogprobs, rolloutLogprobs, batch)], [1.5]);
  assert.equal(maxAbsDifference(withGarbage(newLogprobs, batch), newLogprobs, batch), 0);
});

test('the mean of parity is over trained tokens alone', () => {
  assert.equal(meanAbsDifference(withGarbage(newLogprobs, batch), newLogprobs, batch), 0);
  const mean = meanAbsDifference(newLogprobs, rolloutLogprobs, batch);
  assert.ok(mean > 0 && mean < 1.5, String(mean));
  assertClose([meanAbsDifference(rolloutLogprobs, newLogprobs, batch)], [mean]);
  const shifted = newLogprobs.map((logprob) => logprob + 0.25) as Float32Array;
  assertClose([meanAbsDifference(shifted, newLogprobs, batch)], [0.25]);
});

test('the parity metric does not hide a NaN', () => {
  const broken = newLogprobs.slice();
  broken[1] = Number.NaN;
  assert.ok(Number.isNaN(maxAbsDifference(broken, newLogprobs, batch)));
});

test('a summary does not depend on the order, and nothing sums up to zeros', () => {
  assert.deepEqual(summarize([1, 3]), { mean: 2, std: 1, min: 1, max: 3 });
  assert.deepEqual(summarize([3, 1]), summarize([1, 3]));
  assert.deepEqual(summarize([]), { mean: 0, std: 0, min: 0, max: 0 });
});
