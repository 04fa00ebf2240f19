/** All or nothing. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { together } from '../../../worker/coordinator/together.ts';

const never = (signal: AbortSignal) => delay(60_000, undefined, { signal });

describe('together', () => {
  it('gives results in the order of the tasks', async () => {
    const { signal } = new AbortController();
    const slow = async () => {
      await delay(5);
      return 'slow';
    };
    assert.deepEqual(await together(signal, [slow, async () => 'fast']), ['slow', 'fast']);
  });

  it('ends the others on the first failure and throws that', async () => {
    const { signal } = new AbortController();
    let isEnded = false;
    const other = async (shared: AbortSignal) => {
      await never(shared).catch(() => {
        isEnded = true;
        throw new Error('a consequence');
      });
    };
    const failing = async () => {
      throw new Error('the cause');
    };
    await assert.rejects(together(signal, [other, failing]), /the cause/);
    assert.ok(isEnded);
  });

  it('throws the reason of the signal that ends all', async () => {
    const controller = new AbortController();
    const all = together(controller.signal, [never, never]);
    controller.abort(new Error('over'));
    await assert.rejects(all, /over/);
  });
});
