// The task's text and its split of the questions.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  EOS_ID,
  isRight,
  MAX_PROMPT_TOKENS,
  MAX_RESPONSE_TOKENS,
  ProblemStream,
  promptText,
  promptTokenIds,
  responseTokenIds,
  splitProblems,
  textTokenIds,
} from '../../../examples/arithmetic/task.ts';
import { Rng } from '../../../worker/ppo/rng.ts';

test('each of the 10,000 questions is held out or trained on, never both, and always the same', () => {
  const { train, heldout } = splitProblems();
  assert.equal(train.length, 9000);
  assert.equal(heldout.length, 1000);
  assert.equal(new Set([...train, ...heldout].map(promptText)).size, 10_000);
  assert.deepEqual(splitProblems(), { train, heldout });
});

test('the longest texts are as long as the limits say', () => {
  assert.equal(promptTokenIds({ a: 99, b: 99 }).length, MAX_PROMPT_TOKENS);
  assert.equal(responseTokenIds('198').length, MAX_RESPONSE_TOKENS - 1);
});

test('only the exact answer with its end token is right', () => {
  const problem = { a: 12, b: 34 };
  assert.ok(isRight(problem, responseTokenIds('46')));
  assert.ok(!isRight(problem, textTokenIds('46')));
  assert.ok(!isRight(problem, [...responseTokenIds('46'), EOS_ID]));
  assert.ok(!isRight(problem, responseTokenIds('046')));
  assert.ok(!isRight(problem, responseTokenIds('47')));
});

test('a character without a token is refused', () => {
  assert.throws(() => textTokenIds('1-1'), RangeError);
});

test('a stream asks each question once per epoch, each epoch in another order', () => {
  const problems = splitProblems().train.slice(0, 50);
  const stream = new ProblemStream(problems, new Rng(3));
  const first = [...stream.take(30), ...stream.take(20)];
  const second = stream.take(50);
  assert.equal(new Set(first).size, 50);
  assert.equal(new Set(second).size, 50);
  assert.notDeepEqual(first, second);
});
