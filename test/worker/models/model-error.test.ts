/** The message a user gets for a folder that can't be used. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describe, ModelError } from '../../../worker/models/model-error.ts';

test('the message lists each problem and does not drown in them', () => {
  const problems = Array.from({ length: 25 }, (_, i) => ({ path: `p${i}`, found: 'x', allowed: 'y', remedy: 'Do z.' }));
  const cause = new Error('why');
  const error = new ModelError('weights', '/models/a', problems, { cause });
  assert.match(
    error.message,
    /^\/models\/a can't be used as a model \(weights\):\n {2}p0: found x; allowed: y\. Do z\.\n/,
  );
  assert.match(error.message, /p19: .*\n {2}… and 5 more$/);
  assert.equal(error.problems.length, 25);
  assert.equal(error.cause, cause);
});

test('values are described briefly', () => {
  assert.equal(describe(undefined), 'nothing');
  assert.equal(describe('a'), '"a"');
  assert.equal(describe('a'.repeat(500)).length, 120);
});
