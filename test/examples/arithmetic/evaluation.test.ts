// Balanced accuracy of the best threshold, by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { balancedAccuracy, rewardAccuracy } from '../../../examples/arithmetic/evaluation.ts';
import { isRight, responseTokenIds, splitProblems } from '../../../examples/arithmetic/task.ts';

test('scores that one threshold separates have accuracy 1, in whatever order they come', () => {
  assert.equal(balancedAccuracy([3, -1, 2, -2], [true, false, true, false]), 1);
});

test('the threshold is the best one, and each kind counts alike', () => {
  // above 0.5: 2 of 3 right ones stay above, 3 of 4 wrong ones below
  const balanced = balancedAccuracy([1, 2, -5, 0, 0.2, 0.4, 1.5], [true, true, true, false, false, false, false]);
  assert.ok(Math.abs(balanced - (2 / 3 + 3 / 4) / 2) < 1e-12, `${balanced}`);
});

test('equal scores are on the same side', () => {
  assert.equal(balancedAccuracy([1, 1], [true, false]), 0.5);
  assert.throws(() => balancedAccuracy([1, 2], [true, true]), RangeError);
});

test('a score that knows the answer is fully right; one that prefers long answers is not', () => {
  const problems = splitProblems().heldout.slice(0, 200);
  const options = { responses: problems.map(({ a, b }) => responseTokenIds(String(a + b + 1))), seed: 1 };
  const exact = rewardAccuracy(
    (sequences) =>
      sequences.map(({ response }, i) => {
        return isRight(problems[i % problems.length]!, response) ? 1 : -1;
      }),
    problems,
    options,
  );
  assert.deepEqual(exact, { pairs: 1, balanced: 1 });
  const long = rewardAccuracy((sequences) => sequences.map(({ response }) => response.length), problems, options);
  assert.ok(long.pairs < 0.5 && long.balanced < 0.6, JSON.stringify(long));
});
