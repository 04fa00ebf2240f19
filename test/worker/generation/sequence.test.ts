// A sequence's life: which token comes next, when it ends, what it reports.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sequence } from '../../../worker/generation/sequence.ts';
import { request } from './support.ts';

const origin = { policyVersion: 3, nowMs: 150 };

test('feeds its prompt, then its own tokens', () => {
  const sequence = new Sequence(request(1, [7, 8]), 100);
  const fed: number[] = [];
  for (let step = 0; step < 4; step++) {
    fed.push(sequence.nextTokenId);
    sequence.numCached++;
    if (sequence.numPromptTokensLeft === 0) sequence.append(20 + step, -1, origin);
  }
  assert.deepEqual(fed, [7, 8, 21, 22]);
});

test('ends with a stop token, which is part of it, or at its length', () => {
  const stopped = new Sequence(request(1, [7], { stopTokenIds: [5, 6] }), 0);
  stopped.append(4, -1, origin);
  assert.equal(stopped.finishReason, null);
  stopped.append(6, -1, origin);
  assert.equal(stopped.finishReason, 'stop');
  const long = new Sequence(request(1, [7], { maxTokens: 2 }), 0);
  long.append(4, -1, origin);
  long.append(4, -1, origin);
  assert.equal(long.finishReason, 'length');
  const both = new Sequence(request(1, [7], { maxTokens: 1 }), 0);
  both.append(2, -1, origin);
  assert.equal(both.finishReason, 'stop');
});

test('reports tokens with their logprobs and versions, and how long each part took', () => {
  const sequence = new Sequence(request(9, [7, 8]), 100);
  sequence.start(110);
  assert.equal(sequence.append(4, -0.5, origin), null);
  assert.equal(sequence.append(5, -0.25, { policyVersion: 4, nowMs: 160 }), 10);
  assert.deepEqual(sequence.finish('length', 170), {
    id: 9,
    numPromptTokens: 2,
    maxTokens: sequence.request.sampling.maxTokens,
    tokenIds: [4, 5],
    logprobs: [-0.5, -0.25],
    policyVersions: [3, 4],
    finishReason: 'length',
    queueMs: 10,
    timeToFirstTokenMs: 50,
    totalMs: 70,
  });
});
