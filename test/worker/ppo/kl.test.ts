/** KL estimators and controllers against OpenRLHF's values. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKlController, estimateKl, estimateTokenKl, type KlEstimator } from '../../../worker/ppo/kl.ts';
import { assertClose, batch, newLogprobs, oldLogprobs, rowBatch, rowSlice, withGarbage } from './golden.ts';

const GOLDEN: Record<KlEstimator, number[]> = {
  k1: [0.1, -0.1, -0.5, 0, -0.5, 0.4, 0, 0],
  k2: [0.005, 0.005, 0.125, 0, 0.125, 0.08, 0, 0],
  k3: [0.004837, 0.005171, 0.148721, 0, 0.148721, 0.07032, 0, 0],
};
const logprobs = { newLogprobs, referenceLogprobs: oldLogprobs };

for (const estimator of ['k1', 'k2', 'k3'] as const) {
  test(`${estimator} gives the golden values and ignores masked positions`, () => {
    assertClose(estimateKl(estimator, logprobs, batch), GOLDEN[estimator]);
    const garbage = { newLogprobs: withGarbage(newLogprobs, batch), referenceLogprobs: oldLogprobs };
    assert.deepEqual(estimateKl(estimator, garbage, batch), estimateKl(estimator, logprobs, batch));
  });

  test(`${estimator} of a batch is that of its rows one by one`, () => {
    const whole = estimateKl(estimator, logprobs, batch);
    for (const row of [0, 1]) {
      const one = {
        newLogprobs: rowSlice(newLogprobs, batch, row),
        referenceLogprobs: rowSlice(oldLogprobs, batch, row),
      };
      assert.deepEqual(estimateKl(estimator, one, rowBatch(batch, row)), rowSlice(whole, batch, row));
    }
  });
}

test('estimates are held within +-10', () => {
  assert.equal(estimateTokenKl('k1', -50), -10);
  assert.equal(estimateTokenKl('k2', 50), 10);
  assert.equal(estimateTokenKl('k3', -50), 10);
});

test('k3 keeps its precision where the policies hardly differ', () => {
  const d = 1e-6;
  assert.ok(Math.abs(estimateTokenKl('k3', d) / ((d * d) / 2) - 1) < 1e-3);
});

test('a fixed coefficient stays', () => {
  const controller = createKlController({ coef: 0.05, target: null, horizon: 10_000 });
  controller.update(100, 512);
  assert.equal(controller.coef, 0.05);
});

test('an adaptive coefficient follows the golden values', () => {
  const controller = createKlController({ coef: 0.2, target: 6, horizon: 10_000 });
  controller.update(7, 128);
  assertClose([controller.coef], [0.200426667], 1e-9);
  controller.update(100, 128);
  assertClose([controller.coef], [0.200939759], 1e-9);
});

test('an adaptive coefficient resumed from its number goes on alike', () => {
  const one = createKlController({ coef: 0.2, target: 6, horizon: 1000 });
  one.update(2, 64);
  const resumed = createKlController({ coef: one.coef, target: 6, horizon: 1000 });
  one.update(9, 64);
  resumed.update(9, 64);
  assert.equal(resumed.coef, one.coef);
});
