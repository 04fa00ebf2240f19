/** Typed fields of an untrusted config. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigReader } from '../../../worker/models/config-reader.ts';

test('good fields are read and absent ones fall back', () => {
  const reader = new ConfigReader({ a: 3, b: 0.5, c: true, d: [1, 2], n: null });
  assert.equal(reader.count('a'), 3);
  assert.equal(reader.count('n', 7), 7);
  assert.equal(reader.number('b', 1, 0), 0.5);
  assert.equal(reader.number('missing', 1, 0), 1);
  assert.equal(reader.boolean('c', false), true);
  assert.equal(reader.boolean('n', false), false);
  assert.deepEqual(reader.tokenIds('d', [], 3), [1, 2]);
  assert.deepEqual(reader.tokenIds('n', [5], 3), []);
  assert.deepEqual(reader.tokenIds('missing', [0], 3), [0]);
  assert.deepEqual(reader.problems, []);
});

test('bad fields are collected, and reading goes on', () => {
  const reader = new ConfigReader({ a: 1.5, b: '1', c: 'yes', d: [3], e: Number.NaN });
  reader.count('a');
  reader.count('missing');
  reader.number('b', 1, 0);
  reader.number('e', 1, 0);
  reader.boolean('c', true);
  reader.tokenIds('d', [], 3);
  assert.deepEqual(
    reader.problems.map(({ path, found }) => `${path}=${found}`),
    ['a=1.5', 'missing=nothing', 'b="1"', 'e=null', 'c="yes"', 'd=[3]'],
  );
});
