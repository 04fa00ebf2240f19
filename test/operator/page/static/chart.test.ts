// Keys on a chart: how they move from point to point.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { move } from '../../../../operator/page/static/chart.js';

it('moves along the points, and stays within them', () => {
  const iterations = [1, 5, 10, 20];
  assert.equal(move('ArrowLeft', iterations, null), 10);
  assert.equal(move('ArrowRight', iterations, null), 20);
  assert.equal(move('ArrowLeft', iterations, 5), 1);
  assert.equal(move('ArrowLeft', iterations, 1), 1);
  assert.equal(move('Home', iterations, 20), 1);
  assert.equal(move('End', iterations, 1), 20);
  assert.equal(move('PageUp', iterations, 20), 1);
  assert.equal(move('Escape', iterations, 5), null);
  for (const key of ['Tab', 'a', 'Enter']) assert.equal(move(key, iterations, 5), undefined);
  assert.equal(move('ArrowLeft', [], null), undefined);
});
