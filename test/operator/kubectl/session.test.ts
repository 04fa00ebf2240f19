/** Commands that are named in answers can be copied. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandOn } from '../../../operator/kubectl/session.ts';

test('a command names the namespace where it is not what kubectl means by itself', () => {
  assert.equal(commandOn('resume', { namespace: 'ml', name: 'tiny' }), 'kubectl ppo resume tiny -n ml');
  assert.equal(commandOn('status', { namespace: 'default', name: 'tiny' }), 'kubectl ppo status tiny');
});
