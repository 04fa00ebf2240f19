// Answers are shared while they are fresh; failures never.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Memo } from '../../../operator/page/memo.ts';
import { ManualClock } from '../cluster/fixtures.ts';

it('asks once for all who ask at the same time or soon after, and again later', async () => {
  const clock = new ManualClock();
  const memo = new Memo<number>({ clock, freshMs: 1000 });
  let numAsked = 0;
  const ask = (key = 'a') => memo.get(key, async () => ++numAsked);
  assert.deepEqual(await Promise.all([ask(), ask(), ask()]), [1, 1, 1]);
  await clock.advance(999);
  assert.equal(await ask(), 1);
  assert.equal(await ask('b'), 2);
  await clock.advance(1);
  assert.equal(await ask(), 3);
});

it('forgets a failure at once', async () => {
  const memo = new Memo<number>({ clock: new ManualClock(), freshMs: 1000 });
  await assert.rejects(
    memo.get('a', () => Promise.reject(new Error('not now'))),
    /not now/,
  );
  assert.equal(await memo.get('a', async () => 1), 1);
});

it('keeps a bounded number of answers', async () => {
  const memo = new Memo<number>({ clock: new ManualClock(), freshMs: 1e9 });
  for (let i = 0; i < 100; i++) await memo.get(`key ${i}`, async () => i);
  assert.equal(await memo.get('key 99', async () => -1), 99);
  assert.equal(await memo.get('key 0', async () => -1), -1);
});
