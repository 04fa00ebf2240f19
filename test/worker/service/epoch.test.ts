/** The fencing token: rises, never falls. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { EpochFence } from '../../../worker/service/epoch.ts';

it('adopts newer epochs, tells listeners once, and refuses older ones', () => {
  const fence = new EpochFence();
  const heard: number[] = [];
  const stop = fence.onRaise((epoch) => heard.push(epoch));
  fence.admit(0);
  fence.admit(2);
  fence.admit(2);
  assert.throws(() => fence.admit(1), { name: 'RpcError', message: 'epoch 1 is over: the membership is at epoch 2' });
  assert.equal(fence.epoch, 2);
  stop();
  fence.admit(3);
  assert.deepEqual(heard, [2]);
});
