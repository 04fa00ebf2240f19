// What who submitted sequences sees: events in order, silence, failure, giving up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FinishedSequence, Sequence, type SequenceEvent } from '../../../worker/generation/sequence.ts';
import { Submission } from '../../../worker/generation/submission.ts';
import { request } from './support.ts';

const LONG_MS = 10_000;
const sequence: FinishedSequence = new Sequence(request(0, [1]), 0).finish('length', 1);
const finished = (index: number): SequenceEvent => ({ kind: 'finished', index, sequence });
const token = (index: number): SequenceEvent => ({
  kind: 'token',
  index,
  token: { id: 0, tokenId: 3, logprob: -1, top: [] },
});

function submissionOf(size: number) {
  const cancelled: number[][] = [];
  const submission = new Submission({
    size,
    count: async (unfinished) => ({ numRunning: unfinished.length, numWaiting: 0, numTokens: 0 }),
    cancel: (unfinished) => cancelled.push([...unfinished]),
  });
  return { submission, cancelled };
}

test('gives events in their order and is over with the last', async () => {
  const { submission } = submissionOf(2);
  submission.push(token(0));
  submission.push(finished(0));
  assert.deepEqual(await submission.next(LONG_MS), token(0));
  assert.deepEqual(await submission.next(LONG_MS), finished(0));
  const waiting = submission.next(LONG_MS);
  submission.push(finished(1));
  assert.equal(submission.isOver, false);
  assert.deepEqual(await waiting, finished(1));
  assert.equal(submission.isOver, true);
  assert.equal(await submission.next(LONG_MS), null);
});

test('says nothing after the timeout', async () => {
  const { submission } = submissionOf(1);
  assert.equal(await submission.next(1), null);
  assert.equal(await submission.next(0), null);
  assert.equal(submission.isOver, false);
});

test('one of no sequences is over from the start', () => {
  assert.equal(submissionOf(0).submission.isOver, true);
});

test('fails after what had come before', async () => {
  const { submission } = submissionOf(1);
  submission.push(token(0));
  submission.fail(new Error('the thread crashed'));
  assert.deepEqual(await submission.next(LONG_MS), token(0));
  await assert.rejects(submission.next(LONG_MS), /the thread crashed/);
});

test('giving up wakes who waits, tells the engine once and hears nothing more', async () => {
  const { submission, cancelled } = submissionOf(3);
  submission.push(finished(1));
  await submission.next(LONG_MS);
  const waiting = submission.next(LONG_MS);
  submission.cancel();
  submission.cancel();
  assert.equal(await waiting, null);
  assert.deepEqual(cancelled, [[0, 2]]);
  assert.equal(submission.isOver, true);
});

test('one sequence can be given up alone', async () => {
  const { submission, cancelled } = submissionOf(2);
  submission.cancelOne(0);
  submission.cancelOne(0);
  submission.push(token(0));
  assert.deepEqual(cancelled, [[0]]);
  assert.equal((await submission.count()).numRunning, 1);
  submission.push(finished(1));
  assert.deepEqual(await submission.next(LONG_MS), finished(1));
  assert.equal(submission.isOver, true);
});
