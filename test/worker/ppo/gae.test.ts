/** Advantages and returns against OpenRLHF's values. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { computeCumulativeReturns, computeGae } from '../../../worker/ppo/gae.ts';
import { assertClose, batch, oldValues, rewards, rowBatch, rowSlice, withGarbage } from './golden.ts';

const inputs = { rewards, values: oldValues };

test('GAE with gamma 0.99 and lambda 0.95 gives the golden values', () => {
  const result = computeGae(inputs, { gamma: 0.99, gaeLambda: 0.95 }, batch);
  assertClose(result.advantages, [1.846184, 1.657825, 1.65, 0, -9.58767, -10.14, 0, 0]);
  assertClose(result.returns, [1.846184, 1.957825, 2.05, 0, -9.387671, -10.04, 0, 0]);
});

test('GAE with gamma 1 and lambda 1 gives the golden values', () => {
  const { advantages } = computeGae(inputs, { gamma: 1, gaeLambda: 1 }, batch);
  assertClose(advantages, [2.05, 1.76, 1.65, 0, -10.19, -10.14, 0, 0]);
});

test('cumulative returns with gamma 0.9 give the golden values', () => {
  assertClose(computeCumulativeReturns(rewards, 0.9, batch), [1.6595, 1.855, 2.05, 0, -8.986, -10.04, 0, 0]);
});

test('masked positions are never looked at', () => {
  const options = { gamma: 0.99, gaeLambda: 0.95 };
  const garbage = { rewards: withGarbage(rewards, batch), values: withGarbage(oldValues, batch) };
  assert.deepEqual(computeGae(garbage, options, batch), computeGae(inputs, options, batch));
  const clean = computeCumulativeReturns(rewards, 0.9, batch);
  assert.deepEqual(computeCumulativeReturns(garbage.rewards, 0.9, batch), clean);
});

test('a batch is its rows one by one, with as much padding as you like', () => {
  const options = { gamma: 0.97, gaeLambda: 0.9 };
  const whole = computeGae(inputs, options, batch);
  [3, 2].forEach((length, row) => {
    const one = computeGae(
      { rewards: rowSlice(rewards, batch, row, length), values: rowSlice(oldValues, batch, row, length) },
      options,
      rowBatch(batch, row, length),
    );
    assert.deepEqual(one.advantages, rowSlice(whole.advantages, batch, row, length));
    assert.deepEqual(one.returns, rowSlice(whole.returns, batch, row, length));
  });
});

test('lambda 1 makes returns what the rewards add up to, whatever the critic says', () => {
  const { returns } = computeGae(inputs, { gamma: 0.9, gaeLambda: 1 }, batch);
  assertClose(returns, [...computeCumulativeReturns(rewards, 0.9, batch)], 1e-5);
});

test('an environment token inside is a step without value or reward, and gets no advantage', () => {
  const turns = { numRows: 1, numColumns: 3, lossMask: Uint8Array.of(1, 0, 1) };
  const result = computeGae(
    { rewards: Float32Array.of(0, 7, 1), values: Float32Array.of(0.5, 7, 0.25) },
    { gamma: 0.5, gaeLambda: 1 },
    turns,
  );
  // A_2 = 1 - 0.25; A_1 = 0.5 * 0.25 + 0.5 * 0.75 = 0.5 (not shown); A_0 = -0.5 + 0.5 * 0.5.
  assertClose(result.advantages, [-0.25, 0, 0.75]);
  assertClose(result.returns, [0.25, 0, 1]);
});
