/** The responses that are shown come from as many prompts as can be, each with what was scored. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pickSamples } from '../../../../worker/coordinator/tracking/samples.ts';

/** 3 prompts, 2 responses each. */
const requests = [0, 0, 1, 1, 2, 2].map((prompt, i) => ({ promptTokenIds: [prompt], seed: i }));
const scored = {
  responses: requests.map((_, i) => ({
    ...{ responseTokenIds: [10 + i], rolloutLogprobs: [0], finishReason: 'stop' as const },
  })),
  scores: requests.map((_, i) => [i / 2]),
};

function pick(count: number) {
  const decode = (tokenIds: readonly number[]) => tokenIds.join(' ');
  const picked = pickSamples(requests, scored, { count, samplesPerPrompt: 2, decode });
  return picked.map(({ prompt, response, score }) => `${prompt} ${response} ${score}`);
}

test('one response of each prompt comes before the second of any', () => {
  assert.deepEqual(pick(4), ['0 10 0', '1 12 1', '2 14 2', '0 11 0.5']);
});

test('there are no more than there are, and none where none are wanted', () => {
  assert.equal(new Set(pick(64)).size, 6);
  assert.deepEqual(pick(0), []);
});
