// The fixed-order arithmetic on flat gradients, and the embedding's scatter at a size where a racy kernel would fail.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addInPlace, norm, scaleInPlace, scatterAddRows } from '../../../worker/training/gradient-buffer.ts';
import { noise } from './support/tiny-model.ts';

test('add and scale work in place', () => {
  const values = Float32Array.of(1, 2, 3);
  addInPlace(values, Float32Array.of(1, 0, -3));
  scaleInPlace(values, 0.5);
  assert.deepEqual([...values], [1, 1, 0]);
});

test('the norm is summed in float64', () => {
  assert.equal(norm(Float32Array.of(3, 4)), 5);
  // In float32 the sum of squares would stand still at 2^24.
  assert.equal(norm(new Float32Array(2 ** 25).fill(1)), Math.sqrt(2 ** 25));
});

test('rows that repeat are all added', () => {
  const [numRows, numIndices, width] = [50, 4096, 64];
  const next = noise(3);
  const indices = BigInt64Array.from({ length: numIndices }, (_, i) => BigInt((i * i) % 7));
  const rows = Float32Array.from({ length: numIndices * width }, () => Math.round(next() * 8));
  const table = new Float32Array(numRows * width);
  scatterAddRows({ table, indices, rows, width });
  const expected = new Float32Array(numRows * width);
  rows.forEach((value, at) => {
    const row = Number(indices[Math.floor(at / width)]);
    expected[row * width + (at % width)]! += value;
  });
  assert.deepEqual(table, expected);
  assert.ok(table.some((value) => Math.abs(value) > 100));
});

test('an index outside the table is refused before anything is added', () => {
  const table = new Float32Array(4);
  const scatter = (index: bigint) => () =>
    scatterAddRows({ table, indices: BigInt64Array.of(0n, index), rows: new Float32Array(4).fill(1), width: 2 });
  assert.throws(scatter(2n), /token id: found 2, expected 0 to 1/);
  assert.throws(scatter(-1n), /token id: found -1/);
  assert.deepEqual([...table], [0, 0, 0, 0]);
});
