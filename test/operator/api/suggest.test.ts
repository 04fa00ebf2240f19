/** Suggestions: near slips are found, far words are left alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from '../../../operator/api/suggest.ts';

test('a slip is recognised', () => {
  const keys = ['learningRate', 'schedule', 'beta1', 'beta2', 'epsilon'];
  assert.equal(nearest('lerningRate', keys), 'learningRate');
  assert.equal(nearest('learning_rate', keys), 'learningRate');
  assert.equal(nearest('LEARNINGRATE', keys), 'learningRate');
  assert.equal(nearest('betta2', keys), 'beta2');
  assert.equal(nearest('K4', ['k1', 'k2']), 'k1');
});

test('another word is not', () => {
  assert.equal(nearest('optimizer', ['learningRate', 'schedule']), undefined);
  assert.equal(nearest('lr', ['learningRate']), undefined);
  assert.equal(nearest('x', []), undefined);
});
