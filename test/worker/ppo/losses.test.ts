/** Policy and value loss against OpenRLHF's values. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { totalsOf } from '../../../worker/ppo/aggregate.ts';
import {
  clippedTerm,
  computePolicyLoss,
  computeValueLoss,
  type ImportanceCorrection,
  type PolicyLossOptions,
} from '../../../worker/ppo/losses.ts';
import { batchOfLengths } from '../../../worker/ppo/token-batch.ts';
import {
  advantages,
  assertClose,
  batch,
  newLogprobs,
  oldLogprobs,
  oldValues,
  returns,
  rolloutLogprobs,
  rowBatch,
  rowSlice,
  values,
  withGarbage,
} from './golden.ts';

const inputs = { newLogprobs, oldLogprobs, rolloutLogprobs, advantages };
const base: PolicyLossOptions = {
  kind: 'ppo',
  clipRangeLow: 0.2,
  clipRangeHigh: 0.2,
  dualClip: null,
  correction: null,
  aggregation: 'token',
};
const lossOf = (options: Partial<PolicyLossOptions>) => computePolicyLoss(inputs, { ...base, ...options }, batch);
const corrected = (kind: ImportanceCorrection['kind'], high: number) =>
  lossOf({ correction: { kind, low: 0.5, high } });

test('PPO with token mean gives the golden loss, clip fraction and KL', () => {
  const { loss, clipFraction, policyKl, rolloutKl } = lossOf({});
  assertClose([loss, clipFraction, policyKl, rolloutKl!], [0.227181, 0.4, 0.12, -0.42]);
});

test('PPO with a wider upper range, and with dual clip, gives the golden loss', () => {
  assertClose([lossOf({ clipRangeHigh: 0.27 }).loss, lossOf({ dualClip: 1.5 }).loss], [0.227181, 0.227181]);
});

test('PPO with sample mean gives the golden loss', () => {
  assertClose([lossOf({ aggregation: 'sample' }).loss], [0.38481]);
});

test('GSPO gives the golden loss, and always aggregates by sample', () => {
  const { loss, clipFraction } = lossOf({ kind: 'gspo' });
  assertClose([loss, clipFraction], [0.453438, 0]);
  assert.equal(lossOf({ kind: 'gspo', aggregation: 'sample' }).loss, loss);
});

test('GSPO with correction takes its ratio against the rollout', () => {
  assertClose([lossOf({ kind: 'gspo', correction: { kind: 'tis', low: 0.5, high: 5 } }).loss], [0.478619]);
});

test('importance corrections give the golden losses', () => {
  assertClose([corrected('tis', 5).loss, corrected('tis', 1.2).loss], [0.863393, 0.255393]);
  assertClose([corrected('icepop', 5).loss], [0.063393]);
  assertClose([corrected('seqMaskTis', 5).loss, corrected('seqMaskTis', 1.2).loss], [1.245641, 0.488641]);
  for (const kind of ['tis', 'icepop', 'seqMaskTis'] as const) assertClose([corrected(kind, 5).rolloutKl!], [-0.42]);
});

test('a correction without rollout logprobs is a mistake', () => {
  const correction = { kind: 'tis', low: 0.5, high: 5 } as const;
  const { rolloutLogprobs: _, ...without } = inputs;
  assert.throws(() => computePolicyLoss(without, { ...base, correction }, batch), TypeError);
  assert.equal(computePolicyLoss(without, base, batch).rolloutKl, null);
});

test('dual clip bounds the loss of a bad token that became likely', () => {
  const bounded = clippedTerm(10, -2, { clipRangeLow: 0.2, clipRangeHigh: 0.2, dualClip: 3 });
  assert.deepEqual(bounded, { surrogate: -6, isClipped: false });
  assert.equal(clippedTerm(10, 2, { clipRangeLow: 0.2, clipRangeHigh: 0.2, dualClip: 3 }).surrogate, 2.4);
});

test('an absurd log ratio is held within +-20', () => {
  const one = batchOfLengths([1]);
  const absurd = {
    newLogprobs: Float32Array.of(0),
    oldLogprobs: Float32Array.of(-500),
    advantages: Float32Array.of(-1),
  };
  assert.equal(computePolicyLoss(absurd, base, one).loss, Math.exp(20));
});

for (const options of [base, { ...base, kind: 'gspo' }, { ...base, aggregation: 'sample' }] as PolicyLossOptions[]) {
  test(`rows one by one with the step's totals add up to the batch (${options.kind}, ${options.aggregation})`, () => {
    const totals = totalsOf(batch);
    const sum = [0, 1]
      .map((row) => {
        const cut = (matrix: Float32Array) => rowSlice(matrix, batch, row);
        const one = {
          newLogprobs: cut(newLogprobs),
          oldLogprobs: cut(oldLogprobs),
          rolloutLogprobs: cut(rolloutLogprobs),
          advantages: cut(advantages),
        };
        return computePolicyLoss(one, { ...options, totals }, rowBatch(batch, row)).loss;
      })
      .reduce((a, b) => a + b);
    assertClose([sum], [computePolicyLoss(inputs, options, batch).loss], 1e-12);
  });
}

test('masked positions are never looked at', () => {
  const garbage = {
    newLogprobs: withGarbage(newLogprobs, batch),
    oldLogprobs: withGarbage(oldLogprobs, batch),
    rolloutLogprobs: withGarbage(rolloutLogprobs, batch),
    advantages: withGarbage(advantages, batch),
  };
  for (const kind of ['tis', 'icepop', 'seqMaskTis'] as const) {
    const options = { ...base, correction: { kind, low: 0.5, high: 5 } };
    assert.deepEqual(computePolicyLoss(garbage, options, batch), computePolicyLoss(inputs, options, batch));
  }
  assert.deepEqual(computePolicyLoss(garbage, { ...base, kind: 'gspo' }, batch), lossOf({ kind: 'gspo' }));
});

test('a fully masked batch has no loss', () => {
  const { loss, clipFraction } = computePolicyLoss(inputs, base, batchOfLengths([0, 0], 4));
  assert.deepEqual([loss, clipFraction], [0, 0]);
});

test('value loss gives the golden values at every clip range', () => {
  const losses = [null, 0.2, 0.5].map(
    (valueClipRange) => computeValueLoss({ values, oldValues, returns }, { valueClipRange }, batch).loss,
  );
  assertClose(losses, [0.224, 0.263, 0.224]);
});

test('value loss: rows one by one add up, masked positions are never looked at', () => {
  const totals = totalsOf(batch);
  const whole = computeValueLoss({ values, oldValues, returns }, { valueClipRange: 0.2 }, batch);
  const sum = [0, 1]
    .map((row) => {
      const cut = (matrix: Float32Array) => rowSlice(withGarbage(matrix, batch), batch, row);
      const one = { values: cut(values), oldValues: cut(oldValues), returns: cut(returns) };
      return computeValueLoss(one, { valueClipRange: 0.2, totals }, rowBatch(batch, row)).loss;
    })
    .reduce((a, b) => a + b);
  assertClose([sum], [whole.loss], 1e-12);
  assert.ok(whole.clipFraction > 0 && whole.clipFraction < 1);
});
