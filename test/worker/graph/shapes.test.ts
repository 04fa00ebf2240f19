// Broadcasting as NumPy defines it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Graph } from '../../../worker/graph/graph.ts';
import { broadcastAxes, broadcastShapes, keepReduced, numElements, staticShape } from '../../../worker/graph/shapes.ts';

test('shapes broadcast from their last axes', () => {
  assert.deepEqual(broadcastShapes([2, 1, 4], [3, 1]), [2, 3, 4]);
  assert.deepEqual(broadcastShapes([], [5]), [5]);
  assert.deepEqual(broadcastShapes([0], [1]), [0]);
  assert.throws(() => broadcastShapes([2, 3], [2]), /\[2,3\] and \[2\] cannot be broadcast/);
});

test('the axes that were repeated are those to sum over', () => {
  assert.deepEqual(broadcastAxes([3, 1], [2, 3, 4]), [0, 2]);
  assert.deepEqual(broadcastAxes([2, 1], [2, 1]), []);
  assert.deepEqual(broadcastAxes([], [2, 3]), [0, 1]);
});

test('reduced axes become 1, and the empty shape has one element', () => {
  assert.deepEqual(keepReduced([2, 3, 4], [0, 2]), [1, 3, 1]);
  assert.equal(numElements([]), 1);
  assert.equal(numElements([2, 0]), 0);
});

test('a symbolic dimension is refused where a static shape is needed', () => {
  const value = new Graph().input('x', ['n', 2]);
  assert.throws(() => staticShape(value), /"x" \[n,2\] must have a static shape/);
});
