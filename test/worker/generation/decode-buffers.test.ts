// The decoder's memory: rows side by side, moved whole, seen by inputs and outputs alike.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodeBuffers, kvCacheBytes } from '../../../worker/generation/decode-buffers.ts';
import { smallConfig } from './support.ts';

const options = { config: smallConfig, maxRows: 4, cacheTokens: 5 };
const ROW_ELEMENTS = smallConfig.numKvHeads * 5 * smallConfig.headDim;

test('has keys and values of every layer, the same memory in and out', () => {
  const { inputs, outputs } = new DecodeBuffers(options).cacheViews(1, 2);
  assert.deepEqual(Object.keys(inputs), ['pastKeys.0', 'pastValues.0', 'pastKeys.1', 'pastValues.1']);
  assert.deepEqual(Object.keys(outputs), ['presentKeys.0', 'presentValues.0', 'presentKeys.1', 'presentValues.1']);
  assert.deepEqual(inputs['pastKeys.0']!.shape, [2, 2, 5, 24]);
  assert.equal(inputs['pastKeys.1']!.data, outputs['presentKeys.1']!.data);
  assert.equal(inputs['pastKeys.1']!.data.byteOffset, 4 * ROW_ELEMENTS);
});

test('the cache takes what its arrays hold', () => {
  const views = Object.values(new DecodeBuffers(options).cacheViews(0, options.maxRows).inputs);
  const bytes = views.reduce((sum, { data }) => sum + data.byteLength, 0);
  assert.equal(kvCacheBytes(options), bytes);
});

test('moves a row with everything in it', () => {
  const buffers = new DecodeBuffers(options);
  const dataOf = (row: number) =>
    Object.values(buffers.cacheViews(row, 1).inputs).map(({ data }) => data as Float32Array);
  dataOf(3).forEach((data, index) => {
    data.fill(index + 1);
  });
  buffers.moveRow(3, 1);
  dataOf(1).forEach((data, index) => {
    assert.ok(data.every((value) => value === index + 1));
  });
  for (const row of [0, 2]) assert.ok(dataOf(row).every((data) => data.every((value) => value === 0)));
});

test("a row's next token says where it stands", () => {
  const buffers = new DecodeBuffers(options);
  buffers.setRow(2, 7, 3, 0.5);
  assert.deepEqual([...buffers.tokenIds], [0n, 0n, 7n, 0n]);
  assert.deepEqual([...buffers.positions], [0n, 0n, 3n, 0n]);
  assert.deepEqual([...buffers.lastPositions], [0, 0, 3, 0]);
  assert.deepEqual([...buffers.inverseTemperatures], [1, 1, 0.5, 1]);
  assert.deepEqual([...buffers.selected], [0n, 1n, 2n, 3n]);
});
