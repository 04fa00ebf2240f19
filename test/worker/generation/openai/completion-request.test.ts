// Bodies of completion requests: defaults, every refusal by its words.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maxTokensOf, parseCompletionRequest } from '../../../../worker/generation/openai/completion-request.ts';
import type { OpenAiError } from '../../../../worker/generation/openai/openai-error.ts';

test('fills in the defaults', () => {
  const request = parseCompletionRequest({ model: 'm', prompt: 'hi' });
  assert.deepEqual(request, {
    model: 'm',
    prompts: ['hi'],
    maxTokens: null,
    temperature: 1,
    topP: 1,
    topK: 0,
    numChoices: 1,
    seed: null,
    stopStrings: [],
    stopTokenIds: [],
    ignoresEos: false,
    numTopLogprobs: null,
    isStreaming: false,
    includesUsage: false,
  });
});

test('takes one prompt or many, as text or as tokens', () => {
  const promptsOf = (prompt: unknown) => parseCompletionRequest({ model: 'm', prompt }).prompts;
  assert.deepEqual(promptsOf([1, 2]), [[1, 2]]);
  assert.deepEqual(promptsOf(['a', 'b']), ['a', 'b']);
  assert.deepEqual(promptsOf([[1], [2, 3]]), [[1], [2, 3]]);
});

test('max_tokens is 16 by default, less where there is no room', () => {
  const request = parseCompletionRequest({ model: 'm', prompt: 'hi' });
  assert.deepEqual([maxTokensOf(request, 100), maxTokensOf(request, 3), maxTokensOf(request, 0)], [16, 3, 1]);
  assert.equal(maxTokensOf({ ...request, maxTokens: 50 }, 3), 50);
});

const REFUSED: readonly [name: string, body: unknown, message: RegExp, param: string | null][] = [
  ['no object', [], /body/, null],
  ['no model', { prompt: 'a' }, /model/, 'model'],
  ['no prompt', { model: 'm', prompt: [] }, /prompt/, 'prompt'],
  ['an unknown field', { model: 'm', prompt: 'a', max_token: 3 }, /max_token/, null],
  ['a wrong type', { model: 'm', prompt: 'a', stream: 'yes' }, /stream/, 'stream'],
  ['too many logprobs', { model: 'm', prompt: 'a', logprobs: 6 }, /logprobs/, 'logprobs'],
  ['too many stop strings', { model: 'm', prompt: 'a', stop: ['1', '2', '3', '4', '5'] }, /stop/, 'stop'],
  ['what is not done', { model: 'm', prompt: 'a', presence_penalty: 1 }, /presence_penalty/, 'presence_penalty'],
  ['echo', { model: 'm', prompt: 'a', echo: true }, /echo/, 'echo'],
  ['too many choices', { model: 'm', prompt: ['a', 'b', 'c'], n: 1000 }, /3 prompts with n 1000/, 'n'],
];

for (const [name, body, message, param] of REFUSED) {
  test(`refuses ${name}`, () => {
    assert.throws(
      () => parseCompletionRequest(body),
      (error: OpenAiError) => {
        assert.equal(error.status, 400);
        assert.equal(error.param, param);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test('lists every problem at once', () => {
  assert.throws(() => parseCompletionRequest({ prompt: 'a', n: 0, top_p: 2 }), /model.*top_p.*n:/s);
});
