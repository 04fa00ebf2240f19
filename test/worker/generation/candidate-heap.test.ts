// The heap against sorting the row.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CandidateHeap } from '../../../worker/generation/candidate-heap.ts';
import { Rng } from '../../../worker/ppo/rng.ts';

function drain(heap: CandidateHeap): number[] {
  const tokens: number[] = [];
  while (heap.size > 0) tokens.push(heap.pop());
  return tokens;
}

test('gives tokens in falling order, the lower token first among equals', () => {
  const rng = new Rng(1);
  const size = 100;
  const heap = new CandidateHeap(size);
  for (let round = 0; round < 50; round++) {
    // Few different numbers, so that there are equals; the row lies in the middle of a larger array.
    const values = Float32Array.from({ length: 3 * size }, () => rng.nextInt(20) / 7);
    const start = round;
    const row = Array.from(values.subarray(start, start + size));
    const sorted = row.map((_, token) => token).sort((a, b) => row[b]! - row[a]! || a - b);
    heap.fill(values, start, Number.NEGATIVE_INFINITY);
    assert.deepEqual(drain(heap), sorted);
    assert.equal(heap.popped(0), sorted[0]);
    assert.equal(heap.popped(size - 1), sorted[size - 1]);
    const floor = Math.fround(10 / 7);
    heap.fill(values, start, floor);
    assert.deepEqual(
      drain(heap),
      sorted.filter((token) => row[token]! >= floor),
    );
  }
});

test('takes all tokens where none reaches the floor', () => {
  const heap = new CandidateHeap(3);
  heap.fill(Float32Array.of(1, 3, 2), 0, 5);
  assert.deepEqual(drain(heap), [1, 2, 0]);
  heap.fill(Float32Array.of(Number.NaN, Number.NaN, Number.NaN), 0, 0);
  assert.equal(heap.size, 3);
});
