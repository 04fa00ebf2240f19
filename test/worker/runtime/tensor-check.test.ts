// What is said about buffers that don't fit: where, found, expected.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkLength, checkTensors, dtypeOf, elementCount } from '../../../worker/runtime/tensor-check.ts';

const SPECS = new Map([
  ['ids', { name: 'ids', dtype: 'int64' as const, shape: [null, 4] }],
  ['scale', { name: 'scale', dtype: 'float32' as const, shape: [] }],
]);
const scale = { data: new Float32Array(1), shape: [] };

test('the array class is the dtype', () => {
  const arrays = [new Float32Array(1), new BigInt64Array(1), new Int32Array(1), new Uint8Array(1)];
  assert.deepEqual(arrays.map(dtypeOf), ['float32', 'int64', 'int32', 'bool']);
  assert.equal(elementCount([]), 1);
  assert.equal(elementCount([3, 0, 2]), 0);
});

test('what fits has no problems; a symbolic dimension takes any size', () => {
  for (const rows of [0, 1, 7]) {
    const ids = { data: new BigInt64Array(4 * rows), shape: [rows, 4] };
    assert.deepEqual(checkTensors('input', SPECS, { ids, scale }), []);
  }
});

test('every problem is listed', () => {
  const ids = { data: new Int32Array(8), shape: [2, 4] };
  const extra = { data: new Uint8Array(3), shape: [2] };
  assert.deepEqual(checkTensors('output', SPECS, { ids, extra }), [
    'output "scale": found nothing, expected float32 []',
    'output "ids": found int32 [2,4], expected int64 [?,4]',
    'output "extra": found bool [2], the model has only ids, scale',
  ]);
  assert.deepEqual(checkTensors('input', SPECS, { ids: { data: new BigInt64Array(4), shape: [4] }, scale }), [
    'input "ids": found int64 [4], expected int64 [?,4]',
  ]);
});

test('lengths and shapes must make sense', () => {
  assert.deepEqual(checkLength('x', { data: new Float32Array(3), shape: [2] }), [
    'x: found 3 elements, expected 2 for shape [2]',
  ]);
  assert.deepEqual(checkLength('x', { data: new Float32Array(3), shape: [-1, 3] }), [
    'x: found shape [-1,3], expected whole numbers of at least 0',
  ]);
});

test('a value without host dtype fits nothing', () => {
  const specs = new Map([['half', { name: 'half', dtype: null, shape: [1] }]]);
  assert.deepEqual(checkTensors('input', specs, { half: { data: new Float32Array(1), shape: [1] } }), [
    'input "half": found float32 [1], expected a dtype that has no host array [1]',
  ]);
});
