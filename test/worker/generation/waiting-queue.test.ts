// First come, first served, over thousands, with some given up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sequence } from '../../../worker/generation/sequence.ts';
import { WaitingQueue } from '../../../worker/generation/waiting-queue.ts';
import { request } from './support.ts';

const sequence = (id: number) => new Sequence(request(id, [1]), 0);

test('keeps the order over many, also while it shrinks', () => {
  const queue = new WaitingQueue();
  const seen: number[] = [];
  for (let id = 0; id < 5000; id++) {
    queue.push(sequence(id));
    if (id % 3 > 0) seen.push(queue.shift()!.request.id);
  }
  while (queue.length > 0) seen.push(queue.shift()!.request.id);
  assert.deepEqual(
    seen,
    Array.from({ length: 5000 }, (_, id) => id),
  );
  assert.equal(queue.shift(), null);
});

test('forgets those that are given up, and counts the others', () => {
  const queue = new WaitingQueue();
  for (let id = 0; id < 6; id++) queue.push(sequence(id));
  queue.shift();
  queue.remove(new Set([0, 2, 5]));
  assert.equal(queue.length, 3);
  assert.equal(queue.count(new Set([0, 1, 2, 4])), 2);
  assert.deepEqual(
    [queue.shift(), queue.shift(), queue.shift()].map((item) => item!.request.id),
    [1, 3, 4],
  );
});
