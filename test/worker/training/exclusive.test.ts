// One at a time, in order, also after a failure.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Exclusive } from '../../../worker/training/exclusive.ts';

test('tasks run in the order of asking and never at once', async () => {
  const exclusive = new Exclusive();
  const events: string[] = [];
  const task = (name: string) =>
    exclusive.run(async () => {
      events.push(`${name} begins`);
      await turn();
      events.push(`${name} ends`);
      if (name === 'b') throw new Error('b failed');
      return name;
    });
  const results = await Promise.allSettled(['a', 'b', 'c'].map(task));
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.deepEqual(
    events,
    ['a', 'b', 'c'].flatMap((name) => [`${name} begins`, `${name} ends`]),
  );
});

test('who holds it keeps others waiting until the release, which may come twice', async () => {
  const exclusive = new Exclusive();
  const release = await exclusive.acquire();
  let isIn = false;
  const second = exclusive.acquire().then((releaseSecond) => {
    isIn = true;
    return releaseSecond;
  });
  await turn();
  assert.equal(isIn, false);
  release();
  release();
  (await second)();
  assert.equal(isIn, true);
});
