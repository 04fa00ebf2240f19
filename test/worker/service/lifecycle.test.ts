/** How processes end: the order of closing, and parts that end before their time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Closers, failureOf } from '../../../worker/service/lifecycle.ts';
import type { Logger } from '../../../worker/service/log.ts';

test("a part's end becomes the worker's failure", async () => {
  const reason = new Error('the compute thread crashed');
  await assert.rejects(failureOf({ ended: Promise.resolve(reason) }), reason);
});

test('parts close in the reverse order; one that fails or hangs is told and left behind', async () => {
  const closed: string[] = [];
  const warnings: string[] = [];
  const log = { warn: (_fields: unknown, message: string) => warnings.push(message) } as unknown as Logger;
  const closers = new Closers(log);
  const close = (name: string) => async () => {
    closed.push(name);
  };
  closers.add('the first', close('the first'));
  closers.add('a broken one', () => Promise.reject(new Error('broken')));
  closers.add('one that hangs', () => new Promise<void>(() => {}));
  closers.add('the last', close('the last'));
  await closers.closeAll(20);
  assert.deepEqual(closed, ['the last', 'the first']);
  assert.deepEqual(warnings, ['closing one that hangs failed', 'closing a broken one failed']);
  await closers.closeAll(20);
  assert.equal(closed.length, 2);
});
