// The demonstrators' mistakes and how often they make them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { demonstrate } from '../../../examples/arithmetic/demonstrators.ts';
import { EOS_ID, isRight, splitProblems, VOCABULARY } from '../../../examples/arithmetic/task.ts';
import { Rng } from '../../../worker/ppo/rng.ts';

const problems = splitProblems().train;

test('about 32 % of the demonstrations are right: 0.5 (0.55 + 0.45 * 0.2)', () => {
  const rng = new Rng(1);
  const share = problems.filter((problem) => isRight(problem, demonstrate(problem, rng))).length / problems.length;
  // 9,000 draws: standard deviation 0.005
  assert.ok(Math.abs(share - 0.32) < 0.02, `${share}`);
});

test('they forget a carry, add one, do both or neither, in at most 4 tokens', () => {
  const rng = new Rng(2);
  for (const problem of problems) {
    const response = demonstrate(problem, rng);
    assert.equal(response.at(-1), EOS_ID);
    assert.ok(response.length <= 4);
    const digits = response.slice(0, -1).map((id) => VOCABULARY.tokens[id]);
    const error = Number(digits.join('')) - problem.a - problem.b;
    const carries = (problem.a % 10) + (problem.b % 10) >= 10;
    assert.ok((carries ? [-10, -9, 0, 1] : [0, 1]).includes(error), `${problem.a}+${problem.b} is off by ${error}`);
  }
});
