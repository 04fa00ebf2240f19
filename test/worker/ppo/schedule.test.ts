/** Learning rates over a job's iterations. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { learningRateAt, type Schedule } from '../../../worker/ppo/schedule.ts';
import { assertClose } from './golden.ts';

const base: Schedule = { learningRate: 1e-3, schedule: 'constant', warmupIterations: 0, minLearningRateRatio: 0.1 };
const rates = (schedule: Schedule, numIterations: number, at: number[]) =>
  at.map((iteration) => learningRateAt(schedule, iteration, numIterations));

test('constant stays', () => {
  assertClose(rates(base, 10, [0, 5, 9, 50]), [1e-3, 1e-3, 1e-3, 1e-3], 1e-12);
});

test('linear falls to its minimum', () => {
  assertClose(rates({ ...base, schedule: 'linear' }, 10, [0, 5, 10]), [1e-3, 5.5e-4, 1e-4], 1e-12);
});

test('cosine with a minimum follows lr * (0.5 * (1 + cos(pi * p)) * (1 - ratio) + ratio)', () => {
  const expected = [1e-3, 1e-3 * (0.5 * (1 + Math.SQRT1_2) * 0.9 + 0.1), 5.5e-4, 1e-4];
  assertClose(rates({ ...base, schedule: 'cosine' }, 8, [0, 2, 4, 8]), expected, 1e-12);
});

test('warmup rises in equal steps, never from 0, and the schedule starts where it ends', () => {
  const schedule: Schedule = { ...base, schedule: 'linear', warmupIterations: 3 };
  assertClose(rates(schedule, 13, [0, 1, 2, 3, 8]), [2.5e-4, 5e-4, 7.5e-4, 1e-3, 5.5e-4], 1e-12);
});

test('past the end the rate stays at its minimum; cosine does not rise again', () => {
  for (const kind of ['linear', 'cosine'] as const) {
    assertClose(rates({ ...base, schedule: kind }, 10, [11, 20, 100]), [1e-4, 1e-4, 1e-4], 1e-12);
  }
});

test('the rate of an iteration does not depend on those before it', () => {
  const schedule: Schedule = { ...base, schedule: 'cosine', warmupIterations: 2 };
  const forward = rates(schedule, 6, [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(rates(schedule, 6, [5, 4, 3, 2, 1, 0]).reverse(), forward);
});
