// Errors in OpenAI's shape.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenAiError, toOpenAiError } from '../../../../worker/generation/openai/openai-error.ts';

test('the type follows from the status', () => {
  const typeOf = (status: number) => new OpenAiError(status, 'x').body().error.type;
  assert.deepEqual([400, 404, 413, 429, 500, 503].map(typeOf), [
    'invalid_request_error',
    'invalid_request_error',
    'invalid_request_error',
    'rate_limit_error',
    'server_error',
    'server_error',
  ]);
});

test('says what, where and which', () => {
  assert.deepEqual(new OpenAiError(404, 'no such model', { param: 'model', code: 'model_not_found' }).body(), {
    error: { message: 'no such model', type: 'invalid_request_error', param: 'model', code: 'model_not_found' },
  });
});

test('anything else is a fault of the server', () => {
  const cause = new TypeError('broken');
  assert.equal(toOpenAiError(cause).status, 500);
  assert.equal(toOpenAiError(cause).cause, cause);
  const known = new OpenAiError(429, 'later');
  assert.equal(toOpenAiError(known), known);
});
