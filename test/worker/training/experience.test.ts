// Experiences from the network: what is kept, what is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readExperiences } from '../../../worker/training/experience.ts';
import type { ColumnName } from '../../../worker/training/objectives/objective.ts';

const limits = { vocabSize: 10, maxPositions: 6 };
const columns: readonly ColumnName[] = ['oldLogprobs', 'advantages'];
const EMPTY = { referenceLogprobs: [], oldValues: [], returns: [] };
const good = { ...EMPTY, tokenIds: [1, 2, 3], promptLength: 1, oldLogprobs: [-1, -2], advantages: [0.5, 1] };

test('an experience keeps its sequence and just the columns that are asked for', () => {
  const [experience] = readExperiences([{ ...good, returns: [7] }], columns, limits);
  assert.deepEqual(experience, {
    tokenIds: Int32Array.of(1, 2, 3),
    promptLength: 1,
    columns: { oldLogprobs: Float32Array.of(-1, -2), advantages: Float32Array.of(0.5, 1) },
  });
});

test('every wrong column of every experience is said at once', () => {
  const wire = [
    { ...good, oldLogprobs: [-1] },
    { ...good, advantages: [] },
    { ...good, oldLogprobs: [-1, Number.NaN], advantages: [Number.POSITIVE_INFINITY, 0] },
    { ...good, tokenIds: [99, 1, 1] },
    good,
  ];
  assert.throws(
    () => readExperiences(wire, columns, limits),
    new RegExp(
      [
        'experiences\\[0\\]\\.old_logprobs: found 1 numbers, allowed 2, one per response token',
        'experiences\\[1\\]\\.advantages: found 0 numbers, allowed 2.*',
        'experiences\\[2\\]\\.old_logprobs\\[1\\]: found NaN, allowed a finite number',
        'experiences\\[2\\]\\.advantages\\[0\\]: found Infinity.*',
        'experiences\\[3\\]\\.token_ids\\[0\\]: found 99.*',
      ].join('; '),
    ),
  );
});
