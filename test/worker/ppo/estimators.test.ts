/** The table of estimators against OpenRLHF's values: 8 samples, 4 per prompt, no KL. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type AdvantageOptions,
  computeAdvantages,
  ESTIMATORS,
  type Estimator,
  groupStatistics,
  isGroupKept,
  shapeScores,
} from '../../../worker/ppo/estimators.ts';
import { batchOfLengths, rowOf } from '../../../worker/ppo/token-batch.ts';
import { assertClose } from './golden.ts';

const scores = [1, 0, 0, 1, 1, 1, 1, 0];
const batch = batchOfLengths([2, 3, 4, 2, 3, 4, 2, 3]);
const inputs = { scores, kl: new Float32Array(32), values: new Float32Array(32) };
const base: Omit<AdvantageOptions, 'estimator'> = {
  samplesPerPrompt: 4,
  klCoef: 0.1,
  clipRange: [-10, 10],
  gamma: 1,
  gaeLambda: 1,
  shouldWhiten: true,
  shouldScale: true,
};
const advantagesOf = (estimator: Estimator, options: Partial<AdvantageOptions> = {}) =>
  computeAdvantages(inputs, { ...base, estimator, ...options }, batch).advantages;
const firstColumn = (matrix: Float32Array) => Array.from(scores, (_, row) => matrix[row * batch.numColumns]!);

const byScore = (one: number, zero: number) => scores.map((score) => (score === 1 ? one : zero));
const GOLDEN: Record<Estimator, number[]> = {
  gae: byScore(0.877058, -1.140175),
  reinforce: byScore(0.877058, -1.140175),
  reinforceBaseline: [1.224292, -0.941763, -0.941763, 1.224292, 0.682778, 0.682778, 0.682778, -1.483277],
  rloo: [0.666667, -0.666667, -0.666667, 0.666667, 0.333333, 0.333333, 0.333333, -1],
  drGrpo: [0.5, -0.5, -0.5, 0.5, 0.25, 0.25, 0.25, -0.75],
  groupNorm: [0.866025, -0.866025, -0.866025, 0.866025, 0.5, 0.5, 0.5, -1.5],
};

for (const estimator of Object.keys(ESTIMATORS) as Estimator[]) {
  test(`${estimator} gives the golden advantages`, () => {
    assertClose(firstColumn(advantagesOf(estimator)), GOLDEN[estimator]);
  });

  test(`${estimator} does not depend on the order of prompts`, () => {
    const order = [4, 5, 6, 7, 0, 1, 2, 3];
    const swapped = computeAdvantages(
      { ...inputs, scores: order.map((i) => scores[i]!) },
      { ...base, estimator },
      batchOfLengths(order.map((i) => [2, 3, 4, 2, 3, 4, 2, 3][i]!)),
    ).advantages;
    const straight = advantagesOf(estimator);
    order.forEach((from, to) => {
      assertClose(rowOf(swapped, batch, to), [...rowOf(straight, batch, from)], 1e-7);
    });
  });
}

test('reinforceBaseline without scaling gives the golden advantages', () => {
  const expected = [0.565217, -0.434783, -0.434783, 0.565217, 0.315217, 0.315217, 0.315217, -0.684783];
  assertClose(firstColumn(advantagesOf('reinforceBaseline', { shouldScale: false })), expected);
});

test('group standard deviations are the golden ones', () => {
  assertClose([groupStatistics(scores, 0, 4).std, groupStatistics(scores, 4, 4).std], [0.57735, 0.5]);
});

test('scores are clipped after group shaping, not before', () => {
  const raw = { ...inputs, scores: [100, 0, 0, 0, 0, 0, 0, 0] };
  const { rewards } = computeAdvantages(raw, { ...base, estimator: 'drGrpo' }, batch);
  // The last token of each of the first four rows.
  assertClose([rewards[1]!, rewards[6]!, rewards[11]!, rewards[13]!], [10, -10, -10, -10]);
});

test('gamma is forced to 1 where the estimator says so, and only there', () => {
  const discounted = { gamma: 0.5, shouldWhiten: false };
  assertClose(firstColumn(advantagesOf('rloo', discounted)), GOLDEN.rloo);
  assertClose([firstColumn(advantagesOf('drGrpo', discounted))[0]!], [0.25]);
  assertClose([firstColumn(advantagesOf('reinforce', discounted))[0]!], [0.5]);
});

test('whitening can be turned off', () => {
  assertClose(firstColumn(advantagesOf('gae', { shouldWhiten: false })), scores);
});

test('returns are not whitened: they are what the critic learns', () => {
  const { returns } = computeAdvantages(inputs, { ...base, estimator: 'gae' }, batch);
  assertClose(firstColumn(returns), scores);
});

test('a group of one, or a broken group, is refused', () => {
  assert.throws(() => shapeScores('rloo', scores, 1), /samplesPerPrompt of at least 2/);
  assert.throws(() => shapeScores('groupNorm', scores, 3), /whole groups/);
  assert.deepEqual([...shapeScores('gae', scores, 1)], scores);
});

test('gae without values is a mistake, not a zero', () => {
  assert.throws(() => computeAdvantages({ ...inputs, values: null }, { ...base, estimator: 'gae' }, batch), TypeError);
});

test('dynamic filtering keeps groups strictly between the bounds', () => {
  assert.deepEqual(
    [
      [0, 0],
      [1, 1],
      [0, 1],
    ].map((group) => isGroupKept(group, 0, 1)),
    [false, false, true],
  );
});
