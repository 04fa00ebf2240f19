// What a generation server accepts, at the limits and beyond them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPrompt, checkSampling, listProblems } from '../../../worker/generation/request-check.ts';
import { free } from './support.ts';

const limits = { vocabSize: 20, cacheTokens: 12, maxUnfinished: 100 };

const SAMPLING: readonly [change: Partial<typeof free>, problem: RegExp | null][] = [
  [{}, null],
  [{ maxTokens: 11 }, null],
  [{ maxTokens: 12 }, /^max_tokens: found 12, allowed 1 to 11$/],
  [{ maxTokens: 0 }, /^max_tokens: found 0/],
  [{ maxTokens: 1.5 }, /^max_tokens: found 1.5/],
  [{ temperature: 0 }, null],
  [{ temperature: 0.001 }, null],
  [{ temperature: 1e-9 }, /^temperature: found 1e-9, allowed 0 \(greedy\), or 0.001 to 1000$/],
  [{ temperature: -1 }, /^temperature: found -1/],
  [{ temperature: Number.NaN }, /^temperature: found NaN/],
  [{ topP: 0 }, /^top_p: found 0/],
  [{ topP: 1.01 }, /^top_p: found 1.01/],
  [{ topP: Number.NaN }, /^top_p: found NaN/],
  [{ topK: 1000 }, null],
  [{ topK: -1 }, /^top_k: found -1/],
  [{ stopTokenIds: [0, 19] }, null],
  [{ stopTokenIds: [3, 20] }, /^stop_token_ids: found 20, allowed 0 to 19$/],
];
for (const [change, problem] of SAMPLING) {
  test(`sampling ${JSON.stringify(change)} is ${problem === null ? 'accepted' : 'refused'}`, () => {
    const problems = checkSampling({ ...free, ...change }, limits);
    assert.equal(problems.length, problem === null ? 0 : 1);
    if (problem !== null) assert.match(problems[0]!, problem);
  });
}

test('a prompt has to fit the cache and the vocabulary', () => {
  assert.deepEqual(checkPrompt('p', [0, 19], 10, limits), []);
  assert.match(checkPrompt('p', [1, 2, 3], 10, limits)[0]!, /^p: found 3 tokens, allowed 1 to 2 /);
  assert.match(checkPrompt('p', [], 10, limits)[0]!, /^p: found 0 tokens/);
  assert.match(checkPrompt('p', [1, 20], 10, limits)[0]!, /^p: found token 20, allowed 0 to 19$/);
  assert.equal(checkPrompt('p', [1, -1, 0.5], 10, limits).length, 2);
});

test('lists many problems shortly', () => {
  assert.equal(listProblems(['a', 'b']), 'a; b');
  const many = listProblems(Array.from({ length: 500 }, (_, i) => `problem ${i}`));
  assert.match(many, /problem 19; and 480 more$/);
});
