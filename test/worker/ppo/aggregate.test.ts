/** Sums of losses: parts add up to the whole, and nothing is never NaN. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Aggregation, aggregateLoss, totalsOf } from '../../../worker/ppo/aggregate.ts';
import { batchOfLengths } from '../../../worker/ppo/token-batch.ts';
import { advantages, assertClose, batch, rowBatch, rowSlice, withGarbage } from './golden.ts';

test('token mode weighs tokens alike, sample mode responses', () => {
  assertClose([aggregateLoss(advantages, batch, 'token')], [-1.5 / 5]);
  assertClose([aggregateLoss(advantages, batch, 'sample')], [(1 / 3 - 2.5 / 2) / 2]);
});

for (const aggregation of ['token', 'sample'] as Aggregation[]) {
  test(`${aggregation}: microbatches of one with the step's totals add up to the step`, () => {
    const totals = totalsOf(batch);
    const parts = [0, 1].map((row) =>
      aggregateLoss(rowSlice(advantages, batch, row), rowBatch(batch, row), aggregation, totals),
    );
    assertClose([parts[0]! + parts[1]!], [aggregateLoss(advantages, batch, aggregation)], 1e-12);
  });

  test(`${aggregation}: masked positions and empty rows change nothing`, () => {
    const plain = aggregateLoss(advantages, batch, aggregation);
    assert.equal(aggregateLoss(withGarbage(advantages, batch), batch, aggregation), plain);
    const padded = { numRows: 3, numColumns: 4, lossMask: Uint8Array.of(...batch.lossMask, 0, 0, 0, 0) };
    assert.equal(aggregateLoss(Float32Array.of(...advantages, 9, 9, 9, 9), padded, aggregation), plain);
  });

  test(`${aggregation}: a fully masked batch is 0, never NaN`, () => {
    const nothing = batchOfLengths([0, 0], 4);
    assert.equal(aggregateLoss(advantages, nothing, aggregation), 0);
    assert.equal(aggregateLoss(advantages, nothing, aggregation, { numTokens: 10, numSamples: 4 }), 0);
  });
}
