// The policy's graph computes what worker/ppo/losses.ts says, golden vectors included, and its gradient is its slope.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Value } from '../../../../worker/graph/graph.ts';
import { estimateTokenKl } from '../../../../worker/ppo/kl.ts';
import { computePolicyLoss } from '../../../../worker/ppo/losses.ts';
import { batchOfLengths, type TokenBatch } from '../../../../worker/ppo/token-batch.ts';
import {
  addPolicyLoss,
  createPolicyObjective,
  type PolicyOptions,
  policyOptions,
} from '../../../../worker/training/objectives/policy.ts';
import { finiteDifferences, random } from '../../graph/support.ts';
import * as golden from '../../ppo/golden.ts';
import { testJob } from '../../support/job-config.ts';
import { compileLoss, type LossRun } from './support.ts';

const PLAIN: PolicyOptions = {
  temperature: 1,
  clipRangeLow: 0.2,
  clipRangeHigh: 0.2,
  dualClip: null,
  entropyCoef: 0,
  kl: null,
};
const TOLERANCE = 2e-6;

interface Numbers {
  readonly newLogprobs: Float32Array;
  readonly oldLogprobs: Float32Array;
  readonly advantages: Float32Array;
  readonly referenceLogprobs?: Float32Array;
  readonly entropy?: Float32Array;
}

function run(numbers: Numbers, batch: TokenBatch, options: PolicyOptions, numTokens?: number): LossRun {
  const { newLogprobs, oldLogprobs, advantages, referenceLogprobs } = numbers;
  const entropy = numbers.entropy ?? new Float32Array(newLogprobs.length);
  return compileLoss({
    free: { newLogprobs, entropy },
    columns: { oldLogprobs, advantages, ...(referenceLogprobs ? { referenceLogprobs } : {}) },
    batch,
    ...(numTokens === undefined ? {} : { numTokens }),
    build: (graph, free) => addPolicyLoss(graph, free as { newLogprobs: Value; entropy: Value }, options),
  });
}

/** Responses of 0 to 5 tokens; ratios on both sides of the clip range, advantages of both signs. */
function randomCase(seed: number): { numbers: Required<Numbers>; batch: TokenBatch } {
  const batch = batchOfLengths([5, 3, 0, 4, 1, 5, 2, 5]);
  const length = batch.lossMask.length;
  const oldLogprobs = random(length, seed, -3, -0.1);
  const shifted = (by: number, part: number) => random(length, seed + part, -by, by).map((x, i) => x + oldLogprobs[i]!);
  return {
    numbers: {
      newLogprobs: shifted(0.6, 100),
      oldLogprobs,
      referenceLogprobs: shifted(1, 200),
      advantages: random(length, seed + 300, -2, 2),
      entropy: random(length, seed + 400, 0.1, 2),
    },
    batch,
  };
}

function count({ lossMask }: TokenBatch): number {
  return lossMask.reduce((sum, bit) => sum + bit, 0);
}

test('the golden vectors: loss, clip fraction and KL, with a wider range and with dual clip', () => {
  const { newLogprobs, oldLogprobs, advantages, batch } = golden;
  for (const options of [PLAIN, { ...PLAIN, clipRangeHigh: 0.27 }, { ...PLAIN, dualClip: 1.5 }]) {
    const result = run({ newLogprobs, oldLogprobs, advantages }, batch, options);
    golden.assertClose([result.loss()], [0.227181]);
  }
  const result = run({ newLogprobs, oldLogprobs, advantages }, batch, PLAIN);
  golden.assertClose([result.sum('clipFraction') / 5, result.sum('approxKl') / 5], [0.4, 0.12]);
});

const variants: readonly (readonly [string, PolicyOptions])[] = [
  ['plain', PLAIN],
  ['unequal clip ranges', { ...PLAIN, clipRangeLow: 0.1, clipRangeHigh: 0.3 }],
  ['dual clip', { ...PLAIN, dualClip: 1.2 }],
  ['entropy bonus', { ...PLAIN, entropyCoef: 0.3 }],
  ['k1 in the loss', { ...PLAIN, kl: { coef: 0.5, estimator: 'k1' } }],
  ['k2 in the loss', { ...PLAIN, kl: { coef: 0.5, estimator: 'k2' } }],
  ['k3 in the loss', { ...PLAIN, kl: { coef: 0.5, estimator: 'k3' } }],
  [
    'everything',
    {
      temperature: 1,
      clipRangeLow: 0.1,
      clipRangeHigh: 0.3,
      dualClip: 1.1,
      entropyCoef: 0.1,
      kl: { coef: 1, estimator: 'k3' },
    },
  ],
];

for (const [name, options] of variants) {
  test(`loss and figures equal the TypeScript reference (${name})`, () => {
    const { numbers, batch } = randomCase(7);
    const { newLogprobs, oldLogprobs, referenceLogprobs, entropy } = numbers;
    const result = run(options.kl === null ? without(numbers) : numbers, batch, options);
    const reference = computePolicyLoss(
      { newLogprobs, oldLogprobs, advantages: numbers.advantages },
      { kind: 'ppo', correction: null, aggregation: 'token', ...options },
      batch,
    );
    const total = (of: (i: number) => number) => batch.lossMask.reduce((sum, bit, i) => sum + (bit ? of(i) : 0), 0);
    const numTokens = count(batch);
    const entropySum = total((i) => entropy[i]!);
    const { estimator, coef } = options.kl ?? { estimator: 'k1', coef: 0 };
    const klSum = total((i) => estimateTokenKl(estimator, newLogprobs[i]! - referenceLogprobs[i]!));
    const expected = reference.loss - (options.entropyCoef * entropySum) / numTokens + (coef * klSum) / numTokens;
    golden.assertClose([result.loss()], [expected], TOLERANCE);
    assert.equal(result.sum('clipFraction'), Math.round(reference.clipFraction * numTokens));
    golden.assertClose([result.sum('approxKl') / numTokens], [reference.policyKl], TOLERANCE);
    golden.assertClose([result.sum('entropy') / numTokens], [entropySum / numTokens], TOLERANCE);
    if (options.kl !== null)
      golden.assertClose([result.sum('referenceKl') / numTokens], [klSum / numTokens], TOLERANCE);
  });

  test(`the gradient is the loss's slope, and exactly 0 on masked positions (${name})`, () => {
    const { numbers, batch } = randomCase(11);
    // Away from kinks, where a difference quotient sees both sides.
    moveFromKinks(numbers, options);
    const result = run(options.kl === null ? without(numbers) : numbers, batch, options);
    for (const input of ['newLogprobs', 'entropy'] as const) {
      const analytic = result.gradient(input);
      const numeric = finiteDifferences(numbers[input], 2e-3, () => {
        result.runner.run();
        return result.loss();
      });
      // float32 noise of the loss (6e-8) over the step, relative to slopes of 1 / tokens.
      golden.assertClose(analytic, numeric, 2e-4);
      batch.lossMask.forEach((bit, i) => {
        if (!bit) assert.equal(Math.abs(analytic[i]!), 0);
      });
    }
  });
}

function without({ newLogprobs, oldLogprobs, advantages, entropy }: Required<Numbers>): Numbers {
  return { newLogprobs, oldLogprobs, advantages, entropy };
}

function moveFromKinks({ newLogprobs, oldLogprobs }: Required<Numbers>, options: PolicyOptions): void {
  const kinks = [1 - options.clipRangeLow, 1 + options.clipRangeHigh, options.dualClip ?? 0];
  newLogprobs.forEach((logprob, i) => {
    const ratio = Math.exp(logprob - oldLogprobs[i]!);
    if (kinks.some((kink) => Math.abs(ratio - kink) < 0.02)) newLogprobs[i]! += 0.05;
  });
}

test('microbatches with the tokens of the whole step add up to its loss', () => {
  const { numbers, batch } = randomCase(3);
  const whole = run(without(numbers), batch, PLAIN).loss();
  const half = batch.lossMask.length / 2;
  const parts = [0, half].map((start) => {
    const slice = (matrix: Float32Array) => matrix.slice(start, start + half);
    const part = Object.fromEntries(Object.entries(without(numbers)).map(([name, matrix]) => [name, slice(matrix)]));
    const lossMask = batch.lossMask.slice(start, start + half);
    return run(part as unknown as Numbers, { ...batch, numRows: 4, lossMask }, PLAIN, count(batch)).loss();
  });
  golden.assertClose([parts[0]! + parts[1]!], [whole], TOLERANCE);
});

test('absurd log ratios stay finite, in the loss and in its gradient', () => {
  const batch = batchOfLengths([4]);
  const numbers = {
    newLogprobs: Float32Array.of(-200, -0.1, -90, -0.01),
    oldLogprobs: Float32Array.of(-0.1, -200, -0.1, -90),
    referenceLogprobs: Float32Array.of(-0.1, -200, -200, -0.1),
    advantages: Float32Array.of(1, 1, -1, -1),
  };
  for (const estimator of ['k1', 'k2', 'k3'] as const) {
    const options: PolicyOptions = { ...PLAIN, dualClip: 3, kl: { coef: 1, estimator } };
    const result = run(numbers, batch, options);
    assert.ok(Number.isFinite(result.loss()), `${estimator}: loss ${result.loss()}`);
    assert.ok(result.gradient('newLogprobs').every(Number.isFinite), `${estimator}: gradient`);
  }
});

test('the objective asks for reference logprobs only where the KL is in the loss', () => {
  const job = testJob();
  const inReward = policyOptions({ ...job, rollout: { ...job.rollout, temperature: 0.7 } });
  assert.equal(createPolicyObjective(inReward).temperature, 0.7);
  assert.equal(inReward.kl, null);
  assert.deepEqual(createPolicyObjective(inReward).columns, ['oldLogprobs', 'advantages']);
  const inLoss = policyOptions(testJob({ algorithm: { kl: { placement: 'loss', estimator: 'k3', coef: 0.02 } } }));
  assert.deepEqual(inLoss.kl, { coef: 0.02, estimator: 'k3' });
  const objective = createPolicyObjective(inLoss);
  assert.deepEqual(objective.columns, ['oldLogprobs', 'advantages', 'referenceLogprobs']);
  assert.deepEqual(objective.figures, ['clipFraction', 'approxKl', 'entropy', 'referenceKl']);
});
