/** Watchers get the newest state first and the last state last. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ProgressBoard } from '../../../worker/coordinator/progress.ts';

describe('ProgressBoard', () => {
  it('tells the newest state at once, then each change, and ends with the job', async () => {
    const board = new ProgressBoard(9, () => 0);
    board.update({ phase: 'Generating', iteration: 1 });
    const seen: string[] = [];
    const watching = (async () => {
      for await (const { phase } of board.watch(new AbortController().signal)) {
        seen.push(phase);
        if (phase === 'Generating') board.update({ phase: 'Training' });
        if (phase === 'Training') board.update({ phase: 'Finished' });
      }
    })();
    await watching;
    assert.deepEqual(seen, ['Generating', 'Training', 'Finished']);
    assert.equal(board.numWatchers, 0);
  });

  it('lets a slow watcher skip states, but not the last', async () => {
    const board = new ProgressBoard(9, () => 0);
    const watch = board.watch(new AbortController().signal);
    assert.equal((await watch.next()).value?.iteration, 0);
    for (const iteration of [1, 2, 3]) board.update({ iteration });
    board.update({ phase: 'Failed', message: 'why' });
    assert.equal((await watch.next()).value?.message, 'why');
    assert.ok((await watch.next()).done);
  });

  it('ends a watch that its reader gave up, and all watches when the process ends', async () => {
    const board = new ProgressBoard(9, () => 0);
    const gone = new AbortController();
    const one = board.watch(gone.signal);
    const other = board.watch(new AbortController().signal);
    await one.next();
    await other.next();
    const next = [one.next(), other.next()];
    gone.abort();
    assert.ok((await next[0])?.done);
    assert.equal(board.numWatchers, 1);
    board.close();
    assert.ok((await next[1])?.done);
  });

  it('counts the time since the start', () => {
    let ms = 500;
    const board = new ProgressBoard(9, () => ms);
    ms = 2500;
    assert.equal(board.state.elapsedSeconds, 2);
    assert.equal(board.state.remainingSeconds, -1);
  });
});
