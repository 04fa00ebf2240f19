// Axes: round marks around the values, whole iterations, and the point nearest to the pointer.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { iterationTicks, nearestIndex, niceTicks } from '../../../../operator/page/static/ticks.js';

it('encloses values in round marks', () => {
  assert.deepEqual(niceTicks(0.07, 1.28), [0, 0.5, 1, 1.5]);
  assert.deepEqual(niceTicks(-0.024, -0.003), [-0.03, -0.02, -0.01, 0]);
  for (const [least, greatest] of [
    [5, 5],
    [0, 0],
    [-1e-9, 1e-9],
    [3, 1e12],
  ] as const) {
    const ticks = niceTicks(least, greatest);
    assert.ok(ticks.length >= 2 && ticks.length <= 8, `${ticks}`);
    assert.ok((ticks[0] as number) <= least && (ticks.at(-1) as number) >= greatest, `${ticks}`);
  }
});

it('marks whole iterations only, none after the newest', () => {
  assert.deepEqual(iterationTicks(75), [0, 20, 40, 60]);
  assert.deepEqual(iterationTicks(2), [0, 1, 2]);
  assert.deepEqual(iterationTicks(0), [0, 1]);
});

it('finds the nearest point', () => {
  const iterations = [1, 5, 10, 20];
  assert.deepEqual(
    [0, 1, 2, 3, 4, 7, 8, 15, 16, 99].map((at) => nearestIndex(iterations, at)),
    [0, 0, 0, 0, 1, 1, 2, 2, 3, 3],
  );
  assert.equal(nearestIndex([7], 3), 0);
  assert.equal(nearestIndex([], 3), -1);
});
