// Token lists as tensors, by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packRows, responseTargets } from '../../../examples/arithmetic/batches.ts';

test('rows are padded and cut at the right, and their positions selected', () => {
  const rows = [
    [1, 5],
    [1, 6, 7, 8],
  ];
  const { tokenIds, selected, inverse } = packRows(rows, [0, 1], { length: 3, positionsPerRow: 2 });
  assert.deepEqual([...tokenIds.data], [1n, 5n, 0n, 1n, 6n, 7n]);
  assert.deepEqual([...selected.data], [0n, 1n, 4n, 5n]);
  assert.deepEqual([...inverse.data], [0n, 1n, 4n, 4n, 2n, 3n]);
});

test('targets are the responses, and their weights make a sum a mean over tokens', () => {
  const sequences = [
    { prompt: [1, 5], response: [7, 8, 2] },
    { prompt: [1, 6], response: [2] },
  ];
  const { targets, targetWeights } = responseTargets(sequences, 3);
  assert.deepEqual([...targets.data], [7n, 8n, 2n, 2n, 0n, 0n]);
  assert.deepEqual([...targetWeights.data], [0.25, 0.25, 0.25, 0.25, 0, 0]);
});
