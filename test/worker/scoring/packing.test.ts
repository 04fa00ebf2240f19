// Packing: few sizes, little padding, and every position where a graph expects it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucketSize, packColumn, packSequences, shapeFor } from '../../../worker/scoring/packing.ts';

const sequences = [
  { tokenIds: Int32Array.of(5, 6, 7, 8), promptLength: 2 },
  { tokenIds: Int32Array.of(9, 1), promptLength: 1 },
  { tokenIds: Int32Array.of(3, 3, 3), promptLength: 3 },
];
const shape = { rows: 4, length: 5, positions: 6 };
const numbers = (data: ArrayLike<unknown>) => Array.from(data, Number);

test('sizes grow in at most four steps an octave, never below the count', () => {
  const sizes = new Set<number>();
  for (let count = 0; count <= 4096; count++) {
    const size = bucketSize(count, 64);
    assert.ok(size >= count && size >= 64 && size <= Math.max(64, count * 1.25 + 64), `${count}: ${size}`);
    assert.equal(bucketSize(size, 64), size);
    sizes.add(size);
  }
  assert.ok(sizes.size <= 4 * 7, `${sizes.size} sizes`);
  assert.equal(bucketSize(128, 4), 128);
});

test('response positions predict each response token; what is padding is selected by nobody', () => {
  const { inputs } = packSequences(sequences, 'response', shape);
  assert.deepEqual(numbers(inputs.tokenIds.data), [5, 6, 7, 8, 0, 9, 1, 0, 0, 0, 3, 3, 3, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(numbers(inputs.selected.data), [1, 2, 5, 0, 0, 0]);
  assert.deepEqual(numbers(inputs.targets.data), [7, 8, 1, 0, 0, 0]);
  const inverse = numbers(inputs.inverse.data);
  assert.deepEqual([inverse[1], inverse[2], inverse[5]], [0, 1, 2]);
  assert.equal(inverse.filter((place) => place === 6).length, 17);
});

test('the last position of each sequence, whatever its response', () => {
  const { inputs } = packSequences(sequences, 'last', shape);
  assert.deepEqual(numbers(inputs.selected.data), [3, 6, 12, 0, 0, 0]);
  assert.deepEqual(numbers(inputs.targets.data), [0, 0, 0, 0, 0, 0]);
});

test('a shape holds its sequences and stays within the model', () => {
  assert.deepEqual(shapeFor(sequences, 'response', 100), { rows: 4, length: 4, positions: 64 });
  const long = { tokenIds: new Int32Array(30), promptLength: 1 };
  assert.equal(shapeFor([long], 'last', 31).length, 31);
});

test('a column follows the order of the positions and ends in zeros', () => {
  const { data, shape: columnShape } = packColumn([[1.5, 2], [3], []], 5);
  assert.deepEqual([...data], [1.5, 2, 3, 0, 0]);
  assert.deepEqual(columnShape, [5]);
});
