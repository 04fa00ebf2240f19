// The critic's graph computes what worker/ppo/losses.ts says, golden vectors included, and its gradient is its slope.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computeValueLoss } from '../../../../worker/ppo/losses.ts';
import { batchOfLengths, type TokenBatch } from '../../../../worker/ppo/token-batch.ts';
import { addValueLoss, createValueObjective, valueOptions } from '../../../../worker/training/objectives/value.ts';
import { finiteDifferences, random } from '../../graph/support.ts';
import * as golden from '../../ppo/golden.ts';
import { testJob } from '../../support/job-config.ts';
import { compileLoss, type LossRun } from './support.ts';

interface Numbers {
  readonly values: Float32Array;
  readonly oldValues: Float32Array;
  readonly returns: Float32Array;
}

function run({ values, oldValues, returns }: Numbers, batch: TokenBatch, valueClipRange: number | null): LossRun {
  return compileLoss({
    free: { values },
    columns: { oldValues, returns },
    batch,
    build: (graph, free) => addValueLoss(graph, free.values!, { valueClipRange }),
  });
}

function randomCase(seed: number): Numbers & { readonly batch: TokenBatch } {
  const batch = batchOfLengths([5, 3, 0, 4, 1, 5, 2, 5]);
  const of = (part: number, range: number) => random(batch.lossMask.length, seed + part, -range, range);
  const oldValues = of(0, 2);
  const values = of(100, 0.6).map((x, i) => x + oldValues[i]!);
  return { batch, values, oldValues, returns: of(200, 2) };
}

test('the golden vectors, without clip and with ranges of 0.2 and 0.5', () => {
  const { values, oldValues, returns, batch } = golden;
  for (const [range, expected] of [
    [null, 0.224],
    [0.2, 0.263],
    [0.5, 0.224],
  ] as const) {
    golden.assertClose([run({ values, oldValues, returns }, batch, range).loss()], [expected]);
  }
});

for (const range of [null, 0.05, 0.3]) {
  test(`loss and figures equal the TypeScript reference (clip ${range})`, () => {
    const { batch, ...numbers } = randomCase(5);
    const result = run(numbers, batch, range);
    const reference = computeValueLoss(numbers, { valueClipRange: range }, batch);
    const numTokens = batch.lossMask.reduce((sum, bit) => sum + bit, 0);
    golden.assertClose([result.loss()], [reference.loss]);
    assert.equal(result.sum('clipFraction'), Math.round(reference.clipFraction * numTokens));
    const total = (of: (i: number) => number) => batch.lossMask.reduce((sum, bit, i) => sum + (bit ? of(i) : 0), 0);
    golden.assertClose([result.sum('value') / numTokens], [total((i) => numbers.values[i]!) / numTokens]);
    const errors = total((i) => Math.abs(numbers.values[i]! - numbers.returns[i]!));
    golden.assertClose([result.sum('absoluteError') / numTokens], [errors / numTokens]);
  });

  test(`the gradient is the loss's slope, and exactly 0 on masked positions (clip ${range})`, () => {
    const { batch, ...numbers } = randomCase(9);
    numbers.values.forEach((value, i) => {
      const distance = Math.abs(value - numbers.oldValues[i]!) - (range ?? 10);
      if (Math.abs(distance) < 0.02) numbers.values[i]! += 0.05; // away from the kink
    });
    const result = run(numbers, batch, range);
    const analytic = result.gradient('values');
    const numeric = finiteDifferences(numbers.values, 2e-3, () => {
      result.runner.run();
      return result.loss();
    });
    golden.assertClose(analytic, numeric, 2e-4);
    batch.lossMask.forEach((bit, i) => {
      if (!bit) assert.equal(Math.abs(analytic[i]!), 0);
    });
  });
}

test('inside the clip range nothing counts as clipped, however the floats round', () => {
  const { batch, ...numbers } = randomCase(13);
  assert.equal(run(numbers, batch, 5).sum('clipFraction'), 0);
});

test('the objective takes its range from the job', () => {
  assert.equal(valueOptions(testJob()).valueClipRange, 0.2);
  const objective = createValueObjective({ valueClipRange: null });
  assert.deepEqual([objective.head, objective.columns], ['score', ['oldValues', 'returns']]);
});
