/** Time adds up over the visits of a phase, and to all the time there was. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PhaseClock } from '../../../worker/coordinator/phase-clock.ts';

test('counts every visit of a phase, the present one up to now', () => {
  let nowMs = 5000;
  const clock = new PhaseClock<'rest' | 'work'>('rest', () => nowMs);
  nowMs += 1000;
  clock.enter('work');
  nowMs += 2000;
  assert.deepEqual([clock.secondsIn('rest'), clock.secondsIn('work')], [1, 2]);
  clock.enter('work');
  nowMs += 500;
  clock.enter('rest');
  nowMs += 250;
  assert.deepEqual([clock.secondsIn('rest'), clock.secondsIn('work')], [1.25, 2.5]);
});
