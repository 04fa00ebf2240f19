// What a Train request may ask for, given what the rank holds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findTrainProblems, type HeldExperiences } from '../../../worker/training/train-request.ts';

const held: HeldExperiences = { iteration: 3, responseLengths: [2, 3, 4] };
const step = (numTokens: number, ...microbatches: number[][]) => ({
  numTokens,
  microbatches: microbatches.map((experienceIndices) => ({ experienceIndices })),
});
const request = (steps: ReturnType<typeof step>[], overrides = {}) => ({
  epoch: 1,
  iteration: 3,
  learningRate: 1e-3,
  steps,
  ...overrides,
});

test('a plan over what is held has no problems, empty microbatches and no steps included', () => {
  assert.deepEqual(findTrainProblems(request([step(9, [0, 1], [2]), step(2, [0], [])]), held, 1), []);
  assert.deepEqual(findTrainProblems(request([], { iteration: 8 }), held, 1), []);
});

test('every problem is found at once', () => {
  const problems = findTrainProblems(
    request([step(9, [0, 1], [3, 7]), step(5, [0]), step(0, [])], { learningRate: Number.NaN }),
    held,
    1,
  );
  assert.deepEqual(problems, [
    'learning_rate: found NaN, allowed a finite number of at least 0',
    'steps[0].microbatches[1].experience_indices: found 3, allowed less than the 3 experiences held',
    'steps[1].num_tokens: found 5, allowed exactly the 2 response tokens of the step, and above 0',
    'steps[2].num_tokens: found 0, allowed exactly the 0 response tokens of the step, and above 0',
  ]);
});

test('one of several ranks may see only a share of the tokens, down to none, never more than all', () => {
  assert.deepEqual(findTrainProblems(request([step(9, [0]), step(4, [])]), held, 2), []);
  const [problem] = findTrainProblems(request([step(1, [0])]), held, 2);
  assert.match(problem!, /num_tokens: found 1, allowed at least the 2/);
});

test('experiences of another iteration, or none, are no ground to train on', () => {
  const [other] = findTrainProblems(request([step(2, [0])], { iteration: 4 }), held, 1);
  assert.equal(other, 'iteration: found 4 where experiences of iteration 3 are held; append those of 4 first');
  const [none] = findTrainProblems(request([step(2, [0])]), { iteration: null, responseLengths: [] }, 1);
  assert.match(none!, /found 3 where no experiences are held/);
});
