// Floods run dry and slowly fill again; what is alike becomes one; other reasons and objects keep their own measure.

import assert from 'node:assert/strict';
import { beforeEach, it } from 'node:test';
import { EventLimits } from '../../../operator/cluster/event-limits.ts';
import { ManualClock } from './fixtures.ts';

const event = { uid: 'u', type: 'Warning', reason: 'ApplyFailed', message: 'm' };
let clock: ManualClock;
let limits: EventLimits;
beforeEach(() => {
  clock = new ManualClock();
  limits = new EventLimits(clock);
});

function admitTimes(count: number): string[] {
  return Array.from({ length: count }, () => limits.admit(event));
}

it('lets 25 through at once, then one in five minutes', async () => {
  assert.deepEqual(new Set(admitTimes(25)), new Set(['write']));
  assert.deepEqual(admitTimes(2), ['drop', 'drop']);
  await clock.advance(300_000);
  assert.deepEqual(admitTimes(2), ['write', 'drop']);
  await clock.advance(10 * 300_000);
  assert.deepEqual(admitTimes(11).at(-1), 'drop');
  await clock.advance(100 * 300_000);
  assert.deepEqual([admitTimes(25).at(-1), ...admitTimes(1)], ['write', 'drop']);
});

it('keeps a flood from silencing what else there is to tell', () => {
  admitTimes(30);
  assert.equal(limits.admit({ ...event, reason: 'Finished' }), 'write');
  assert.equal(limits.admit({ ...event, uid: 'other' }), 'write');
});

it('combines more than ten different messages of one reason, until they stop', async () => {
  const admissions = Array.from({ length: 12 }, (_, i) => limits.admit({ ...event, message: `m${i}` }));
  assert.deepEqual(admissions, [...Array(10).fill('write'), 'combine', 'combine']);
  assert.equal(limits.admit({ ...event, message: 'm3' }), 'write', 'one that is known stays what it is');
  await clock.advance(600_001);
  assert.equal(limits.admit({ ...event, message: 'new' }), 'write');
});

it('forgets what was quiet for longest when there is too much to remember', () => {
  admitTimes(25);
  for (let i = 0; i < 4096; i += 1) limits.admit({ ...event, uid: `other-${i}` });
  assert.deepEqual(admitTimes(1), ['write']);
});
