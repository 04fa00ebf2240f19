// Microbatches as graph inputs: columns beside their positions, masks, weights, and nothing where there is nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildTrainBatch } from '../../../worker/training/batch.ts';

const experience = (tokenIds: number[], promptLength: number, returns: number[]) => ({
  tokenIds: Int32Array.from(tokenIds),
  promptLength,
  columns: { oldValues: Float32Array.from(returns, (x) => -x), returns: Float32Array.from(returns) },
});
const critic = { head: 'score', columns: ['oldValues', 'returns'] } as const;
const options = { objective: critic, numTokens: 8, maxPositions: 100 };

test('columns and mask follow the positions; a token weighs one of the whole step', () => {
  const batch = buildTrainBatch([experience([1, 2, 3], 1, [5, 6]), experience([4, 5], 1, [7])], options);
  const { inputs, shape } = batch!;
  assert.deepEqual(shape, { rows: 4, length: 4, positions: 64 });
  const head = (name: string) => Array.from((inputs[name]!.data as Float32Array).subarray(0, 5));
  assert.deepEqual(head('returns'), [5, 6, 7, 0, 0]);
  assert.deepEqual(head('oldValues'), [-5, -6, -7, 0, 0]);
  assert.deepEqual(head('lossMask'), [1, 1, 1, 0, 0]);
  assert.deepEqual([inputs.tokenWeight!.data[0], inputs.tokenWeight!.shape], [0.125, []]);
  assert.ok(!('targets' in inputs), 'the critic has no targets');
  assert.equal(
    (inputs.lossMask!.data as Float32Array).reduce((sum, bit) => sum + bit, 0),
    3,
  );
});

test('without a response token there is no batch', () => {
  assert.equal(buildTrainBatch([], options), null);
  assert.equal(buildTrainBatch([experience([1, 2], 2, [])], options), null);
});

test('an empty response beside others takes no position', () => {
  const batch = buildTrainBatch([experience([1, 2], 2, []), experience([4, 5], 1, [7])], options)!;
  assert.equal((batch.inputs.selected!.data as BigInt64Array)[0], 4n);
  assert.equal((batch.inputs.returns!.data as Float32Array)[0], 7);
});
