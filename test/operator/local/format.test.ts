/** Numbers and times as text. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatCount, formatDuration, formatNumber, formatPercent } from '../../../operator/local/format.ts';

test('durations', () => {
  assert.deepEqual([0, 59.4, 65, 3599.6, 7380].map(formatDuration), [
    '0 s',
    '59 s',
    '1 min 05 s',
    '1 h 00 min',
    '2 h 03 min',
  ]);
});

test('numbers', () => {
  assert.deepEqual([0, 1.23456, -0.0123456, 3.14e-6, 12.3456, 1234567, Number.NaN].map(formatNumber), [
    ...['0', '1.235', '-0.0123', '3.1e-6', '12.35', '1,234,567', 'NaN'],
  ]);
  assert.equal(formatCount(999.6), '1,000');
  assert.equal(formatPercent(0.625), '62.5 %');
});
