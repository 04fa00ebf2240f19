/** Reductions where data types differ: wrapping, rounding, NaN, the order of operands. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DataType, ReduceOp } from '../../../worker/collectives/communicator.ts';
import { reduce } from '../../../worker/collectives/reduce.ts';
import { decodeNumbers, encodeNumbers } from './ranks.ts';

function reduced(dataType: DataType, op: ReduceOp, pair: { a: number[]; b: number[] }, divisor = 1): number[] {
  const local = encodeNumbers(dataType, pair.b);
  const out = new Uint8Array(local.byteLength);
  reduce({ out, received: encodeNumbers(dataType, pair.a), local }, { dataType, op, divisor });
  return decodeNumbers(dataType, out);
}

test('integers wrap', () => {
  assert.deepEqual(reduced('int8', 'sum', { a: [127], b: [1] }), [-128]);
  assert.deepEqual(reduced('uint8', 'prod', { a: [16], b: [17] }), [16]);
  assert.deepEqual(reduced('int32', 'prod', { a: [0x7fffffff], b: [0x7fffffff] }), [1]);
  assert.deepEqual(reduced('uint32', 'prod', { a: [0xffffffff], b: [0xffffffff] }), [1]);
  assert.deepEqual(reduced('uint32', 'max', { a: [0xffffffff], b: [1] }), [0xffffffff]);
});

test('64-bit integers keep every bit', () => {
  const bytes = (values: bigint[]) => new Uint8Array(BigInt64Array.from(values).buffer);
  const out = bytes([0n, 0n]);
  const operands = { out, received: bytes([2n ** 62n, -5n]), local: bytes([2n ** 62n, 1n]) };
  reduce(operands, { dataType: 'int64', op: 'sum', divisor: 1 });
  assert.deepEqual(new BigInt64Array(out.buffer), BigInt64Array.of(-(2n ** 63n), -4n));
  reduce(operands, { dataType: 'int64', op: 'avg', divisor: 3 });
  assert.deepEqual(new BigInt64Array(out.buffer), BigInt64Array.of(-(2n ** 63n) / 3n, -1n));
});

test('an average of integers truncates towards zero', () => {
  assert.deepEqual(reduced('int32', 'avg', { a: [3, -3], b: [4, -4] }, 2), [3, -3]);
});

test('half types round to nearest, ties to even', () => {
  // 1 + 2^-8 lies halfway between 1 and the next bfloat16, 1 + 3 * 2^-8 halfway between two whose last bits differ.
  assert.deepEqual(reduced('bfloat16', 'sum', { a: [1, 1 + 2 ** -7], b: [2 ** -8, 2 ** -8] }), [1, 1 + 2 ** -6]);
  assert.deepEqual(reduced('float16', 'sum', { a: [1, 1 + 2 ** -10], b: [2 ** -11, 2 ** -11] }), [1, 1 + 2 ** -9]);
  assert.deepEqual(reduced('float16', 'sum', { a: [65504], b: [65504] }), [Number.POSITIVE_INFINITY]);
});

test('NaN is never lost', () => {
  for (const dataType of ['float16', 'float32', 'float64', 'bfloat16'] as const) {
    for (const op of ['sum', 'prod', 'max', 'min', 'avg'] as const) {
      assert.deepEqual(reduced(dataType, op, { a: [NaN, 1], b: [1, NaN] }), [NaN, NaN], `${dataType} ${op}`);
    }
  }
});
