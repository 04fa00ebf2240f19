/** Whom a process believes about the iteration that it works on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { currentIteration, decideIteration, hearIteration } from '../../../worker/service/iteration.ts';

test('who is called believes the last call, until it decides by itself', () => {
  assert.equal(currentIteration(), null);
  hearIteration('7');
  assert.equal(currentIteration(), 7);
  for (const none of [undefined, '', '0', '-1', '1.5', '1e3', '9'.repeat(10), Buffer.from('8')]) hearIteration(none);
  assert.equal(currentIteration(), 7);
  hearIteration('6'); // the job went back
  assert.equal(currentIteration(), 6);
  decideIteration(null);
  hearIteration('6');
  assert.equal(currentIteration(), null);
  decideIteration(2);
  hearIteration('6');
  assert.equal(currentIteration(), 2);
});
