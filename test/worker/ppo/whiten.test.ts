/** Whitening over the tokens of a rollout. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { batchOfLengths, packRows } from '../../../worker/ppo/token-batch.ts';
import { computeMoments, whiten } from '../../../worker/ppo/whiten.ts';
import { advantages, assertClose, batch, withGarbage } from './golden.ts';

test('what is whitened has mean 0 and variance 1 over its tokens, and 0 elsewhere', () => {
  const whitened = whiten(withGarbage(advantages, batch), batch);
  const { count, mean, variance } = computeMoments(whitened, batch);
  assert.equal(count, 5);
  assertClose([mean, variance], [0, 1], 1e-6);
  assert.deepEqual([whitened[3], whitened[6], whitened[7]], [0, 0, 0]);
});

test('without scaling only the mean goes', () => {
  const centred = whiten(advantages, batch, { shouldScale: false });
  // Mean of 1, 1, -1, -2, -0.5 is -0.3.
  assertClose(centred, [1.3, 1.3, -0.7, 0, -1.7, -0.2, 0, 0]);
});

test('padding and the order of rows change nothing', () => {
  const rows = [[1, 2, 4], [3], [-5, 0.5]];
  const whitenRows = (order: readonly number[], numColumns: number) => {
    const ordered = order.map((i) => rows[i]!);
    const shape = batchOfLengths(
      ordered.map((row) => row.length),
      numColumns,
    );
    const whitened = whiten(packRows(ordered, shape), shape);
    return new Map(order.map((i, b) => [i, [...whitened.slice(b * numColumns, b * numColumns + rows[i]!.length)]]));
  };
  const straight = whitenRows([0, 1, 2], 3);
  const shuffled = whitenRows([2, 0, 1], 7);
  for (const i of [0, 1, 2]) assertClose(shuffled.get(i)!, straight.get(i)!, 1e-7);
});

test('equal values become 0 and not NaN; so does nothing at all', () => {
  assert.deepEqual([...whiten(Float32Array.of(3, 3), batchOfLengths([2]))], [0, 0]);
  assert.deepEqual([...whiten(Float32Array.of(3, 3), batchOfLengths([0], 2))], [0, 0]);
});

test('a large mean does not drown a small variance', () => {
  const { variance } = computeMoments(Float32Array.of(4096, 4097, 4098), batchOfLengths([3]));
  assertClose([variance], [2 / 3], 1e-12);
});
