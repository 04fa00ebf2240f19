// What must not change a model's outputs: the rest of the batch, padding, which other positions are selected.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildScalarGraph } from '../../../worker/models/forward-graphs.ts';
import { assertClose } from '../graph/support.ts';
import { logitsOf, randomModel, tinyConfig } from './support.ts';

const ROWS = [
  [1, 4, 9, 3, 2],
  [1, 10, 10, 7, 5],
  [6, 2, 8, 8, 1],
];

// The same float32 sums, but kernels may block matrices of another size differently: a few units in the last place.
const SAME = 5e-6;

test('a batch gives what its rows give one by one', () => {
  const model = randomModel(tinyConfig, 'language-model');
  const together = logitsOf(model, ROWS);
  const width = ROWS[0]!.length * tinyConfig.vocabSize;
  ROWS.forEach((row, index) => {
    const alone = logitsOf(model, [row]);
    assertClose(together.subarray(index * width, (index + 1) * width), alone, SAME, `row ${index}`);
  });
});

test('padding, however long and whatever it holds, changes nothing before it', () => {
  const model = randomModel(tinyConfig, 'language-model');
  const width = ROWS[0]!.length * tinyConfig.vocabSize;
  for (const padding of [[0], [0, 0, 0, 0, 0, 0, 0], [9, 3, 10]]) {
    const padded = logitsOf(model, [[...ROWS[0]!, ...padding]]);
    assertClose(padded.subarray(0, width), logitsOf(model, [ROWS[0]!]), SAME, `padding of ${padding.length}`);
  }
});

test('a selection gives the rows of all positions', () => {
  const model = randomModel(tinyConfig, 'language-model');
  const all = logitsOf(model, ROWS);
  const selected = [3, 4, 6, 13];
  const chosen = logitsOf(model, ROWS, selected);
  const v = tinyConfig.vocabSize;
  selected.forEach((position, place) => {
    const expected = all.subarray(position * v, (position + 1) * v);
    assertClose(chosen.subarray(place * v, (place + 1) * v), expected, SAME, `position ${position}`);
  });
});

test('a sequence longer than the model allows is refused', () => {
  const model = randomModel({ ...tinyConfig, maxPositions: 4 }, 'score');
  const build = () => buildScalarGraph(model, { rows: 1, length: 5, positions: 1 });
  assert.throws(build, /length 5 exceeds the model's 4/);
});
