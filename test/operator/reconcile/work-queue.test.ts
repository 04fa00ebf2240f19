// Keys come once, one worker each, and failed ones later and later.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WorkQueue } from '../../../operator/reconcile/work-queue.ts';
import { ManualClock, settle } from '../cluster/fixtures.ts';

function newQueue(): { queue: WorkQueue; clock: ManualClock } {
  const clock = new ManualClock();
  return { queue: new WorkQueue({ clock, firstBackoffMs: 10, longestBackoffMs: 50 }), clock };
}

/** Whether a worker would get a key now; the worker goes away again. */
async function isEmpty(queue: WorkQueue): Promise<boolean> {
  const key = await Promise.race([queue.take(), settle().then(() => 'nothing')]);
  return key === 'nothing';
}

describe('WorkQueue', () => {
  it('hands a key out once however often it was added, in the order of first adding', async () => {
    const { queue } = newQueue();
    for (const key of ['a', 'b', 'a', 'a']) queue.add(key);
    assert.equal(await queue.take(), 'a');
    assert.equal(await queue.take(), 'b');
    assert.equal(await isEmpty(queue), true);
  });

  it('gives a key to nobody else until it is done, and then once more when it was added meanwhile', async () => {
    const { queue } = newQueue();
    queue.add('a');
    await queue.take();
    queue.add('a');
    queue.add('a');
    const next = queue.take();
    assert.equal(await Promise.race([next, settle().then(() => 'nothing')]), 'nothing');
    queue.done('a');
    assert.equal(await next, 'a');
    queue.done('a');
    assert.equal(await isEmpty(queue), true);
  });

  it('doubles the back-off up to a limit, and forgets it', async () => {
    const { queue, clock } = newQueue();
    const delays: number[] = [];
    for (let i = 0; i < 5; i += 1) {
      if (i === 4) queue.forget('a');
      queue.addWithBackoff('a');
      delays.push(clock.waitingMs[0]!);
      await clock.advance(50);
    }
    assert.deepEqual(delays, [10, 20, 40, 50, 10]);
  });

  it('keeps the earliest of several delays', async () => {
    const { queue, clock } = newQueue();
    queue.addAfter('a', 100);
    queue.addAfter('a', 30);
    queue.addAfter('a', 70);
    assert.deepEqual(clock.waitingMs, [30]);
    await clock.advance(30);
    assert.equal(await queue.take(), 'a');
  });

  it('waits a day at most: a timer of weeks would fire at once', async () => {
    const { queue, clock } = newQueue();
    queue.addAfter('a', 30 * 86_400_000);
    assert.deepEqual(clock.waitingMs, [86_400_000]);
  });

  it('ends every worker and every timer when it closes', async () => {
    const { queue, clock } = newQueue();
    const waiting = [queue.take(), queue.take()];
    queue.addAfter('a', 10);
    queue.close();
    queue.add('b');
    assert.deepEqual(await Promise.all([...waiting, queue.take()]), [null, null, null]);
    assert.deepEqual(clock.waitingMs, []);
  });
});

describe('WorkQueue priorities', () => {
  it('hands out what has changed before what only might have', async () => {
    const { queue } = newQueue();
    for (const key of ['a', 'b', 'c']) queue.add(key, 'low');
    queue.add('d');
    queue.add('b');
    const order = [await queue.take(), await queue.take(), await queue.take(), await queue.take()];
    assert.deepEqual(order, ['d', 'b', 'a', 'c']);
    assert.equal(await isEmpty(queue), true);
  });

  it('keeps a high priority given while the key is worked on', async () => {
    const { queue } = newQueue();
    queue.add('a');
    await queue.take();
    queue.add('a');
    queue.add('a', 'low');
    queue.add('b', 'low');
    queue.done('a');
    assert.deepEqual([await queue.take(), await queue.take()], ['a', 'b']);
  });

  it('knows for how long keys wait while no work begins or ends', async () => {
    const { queue, clock } = newQueue();
    await clock.advance(1000);
    assert.equal(queue.statistics.stuckMs, 0, 'nothing waits');
    queue.add('a');
    queue.add('b');
    queue.add('c');
    await clock.advance(50);
    queue.add('d');
    assert.equal(queue.statistics.stuckMs, 50);
    await queue.take();
    await clock.advance(20);
    assert.equal(queue.statistics.stuckMs, 20);
    queue.done('a');
    assert.equal(queue.statistics.stuckMs, 0);
    await clock.advance(5);
    for (let i = 0; i < 3; i += 1) await queue.take();
    await clock.advance(1000);
    assert.equal(queue.statistics.stuckMs, 0, 'all are worked on');
  });

  it('tells an observer of adds, waits, work and retries, and counts what waits and runs', async () => {
    const clock = new ManualClock();
    const seen: (string | number)[] = [];
    const observer = {
      onAdd: () => seen.push('add'),
      onTake: (waitedMs: number) => seen.push('take', waitedMs),
      onDone: (workedMs: number) => seen.push('done', workedMs),
      onRetry: () => seen.push('retry'),
    };
    const queue = new WorkQueue({ clock, observer });
    queue.add('a');
    queue.add('a');
    queue.add('b', 'low');
    await clock.advance(30);
    await queue.take();
    await clock.advance(50);
    assert.deepEqual(queue.statistics, { depth: 1, unfinishedMs: 50, longestMs: 50, stuckMs: 50 });
    queue.done('a');
    queue.addWithBackoff('a');
    assert.deepEqual(seen, ['add', 'add', 'take', 30, 'done', 50, 'retry']);
    queue.close();
  });
});
