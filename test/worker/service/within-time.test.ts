/** What comes in time is passed on as it is, and what doesn't is complained of. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withinTime } from '../../../worker/service/within-time.ts';

const FOREVER_MS = 2 ** 30;

test('what comes in time is passed on, and no timer keeps the process', async () => {
  assert.equal(await withinTime(Promise.resolve(3), FOREVER_MS, 'too late'), 3);
  const failure = new Error('of its own');
  await assert.rejects(withinTime(Promise.reject(failure), FOREVER_MS, 'too late'), failure);
});

test('what never comes is complained of', async () => {
  await assert.rejects(withinTime(new Promise(() => {}), 1, 'too late'), /^Error: too late$/);
});
