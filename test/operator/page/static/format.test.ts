// Numbers and times as the page shows them.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  formatAge,
  formatDuration,
  formatNumber,
  formatPercent,
  formatSeconds,
  formatTick,
} from '../../../../operator/page/static/format.js';

it('shows numbers with the digits that say something', () => {
  const shown = [null, undefined, 0, 1.23456, -0.012345, 28_411.6, 0.0000031].map(formatNumber);
  assert.deepEqual(shown, ['–', '–', '0', '1.235', '-0.0123', '28,412', '3.1e-6']);
  assert.deepEqual([0.948, null, 1].map(formatPercent), ['94.8 %', '–', '100.0 %']);
  assert.deepEqual([0, 0.25, 1, 80_000, 2e-5, -0.01].map(formatTick), ['0', '0.25', '1', '80,000', '2e-5', '-0.01']);
});

it('shows times in the unit of their size', () => {
  assert.deepEqual([0.0441, 0.00159, 7.3, 65].map(formatSeconds), ['44.1 ms', '1.59 ms', '7.3 s', '1 min 05 s']);
  const durations = [null, 7.4, 125, 7384, 100_000, -3].map(formatDuration);
  assert.deepEqual(durations, ['–', '7 s', '2 min 05 s', '2 h 03 min', '1 d 3 h', '0 s']);
  assert.deepEqual([5, 119, 120, 7199, 7200, 172_800, -1].map(formatAge), [
    '5s',
    '119s',
    '2m',
    '119m',
    '2h',
    '2d',
    '0s',
  ]);
});
