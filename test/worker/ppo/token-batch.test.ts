/** The shape that worker/ppo computes on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assertShape,
  batchOfLengths,
  countNonEmptyRows,
  countTokens,
  packRows,
  rowOf,
} from '../../../worker/ppo/token-batch.ts';

test('lengths make a mask that is padded right', () => {
  const batch = batchOfLengths([2, 0, 3]);
  assert.deepEqual([batch.numRows, batch.numColumns], [3, 3]);
  assert.deepEqual([...batch.lossMask], [1, 1, 0, 0, 0, 0, 1, 1, 1]);
  assert.equal(countTokens(batch), 5);
  assert.equal(countNonEmptyRows(batch), 2);
  assert.throws(() => batchOfLengths([4], 3), RangeError);
});

test('rows packed and read back are the same rows, at any number of columns', () => {
  for (const numColumns of [2, 5]) {
    const batch = batchOfLengths([2, 1], numColumns);
    const packed = packRows([[1, 2], [3]], batch);
    assert.equal(packed.length, 2 * numColumns);
    assert.deepEqual([...rowOf(packed, batch, 0, 2)], [1, 2]);
    assert.deepEqual([...rowOf(packed, batch, 1, 1)], [3]);
  }
  assert.throws(() => packRows([[1, 2, 3]], batchOfLengths([2])), RangeError);
  assert.throws(() => packRows([], batchOfLengths([2])), RangeError);
});

test('a matrix of another shape is refused', () => {
  assert.throws(() => assertShape('kl', new Float32Array(3), batchOfLengths([2, 2])), /kl has 3 elements, not 4/);
});

test('no responses at all is a batch of nothing', () => {
  const batch = batchOfLengths([]);
  assert.deepEqual([batch.numRows, batch.numColumns, countTokens(batch)], [0, 0, 0]);
});
