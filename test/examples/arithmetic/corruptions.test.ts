// Corruptions are wrong, whatever is drawn.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { corrupt } from '../../../examples/arithmetic/corruptions.ts';
import {
  BOS_ID,
  EOS_ID,
  isRight,
  MAX_RESPONSE_TOKENS,
  PAD_ID,
  splitProblems,
} from '../../../examples/arithmetic/task.ts';
import { Rng } from '../../../worker/ppo/rng.ts';

const { train, heldout } = splitProblems();
const problems = [...train, ...heldout];

test('a corruption is never the right answer, and a response that a model could give', () => {
  const rng = new Rng(5);
  for (let round = 0; round < 5; round++) {
    for (const problem of problems) {
      const response = corrupt(problem, rng);
      assert.ok(!isRight(problem, response), `${problem.a}+${problem.b}: ${response}`);
      assert.ok(response.length >= 2 && response.length <= MAX_RESPONSE_TOKENS, `${response}`);
      assert.ok(!response.includes(PAD_ID) && !response.includes(BOS_ID), `${response}`);
      assert.ok(!response.slice(0, -1).includes(EOS_ID), `${response}`);
    }
  }
});

test('some don’t end, and those fill all 5 tokens', () => {
  const rng = new Rng(6);
  const endless = problems.map((problem) => corrupt(problem, rng)).filter((response) => response.at(-1) !== EOS_ID);
  assert.ok(endless.every((response) => response.length === MAX_RESPONSE_TOKENS));
  // 3 % of 10,000, and no other kind: standard deviation 17
  assert.ok(endless.length > 200 && endless.length < 400, `${endless.length}`);
});
