/** Scores to rewards against OpenRLHF's values. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assembleRewards, normalizeScores, overlongPenalty, penalizeTruncated } from '../../../worker/ppo/rewards.ts';
import { assertClose, batch, k1, rewards, rowBatch, rowSlice, withGarbage } from './golden.ts';

const options = { klCoef: 0.1, clipRange: [-10, 10] } as const;

test('rewards are the golden ones, whatever stands in masked positions', () => {
  assertClose(assembleRewards({ scores: [2, -15], kl: k1 }, options, batch), [...rewards]);
  assertClose(assembleRewards({ scores: [2, -15], kl: withGarbage(k1, batch) }, options, batch), [...rewards]);
});

test('a batch of rewards is its rows one by one', () => {
  const whole = assembleRewards({ scores: [2, -15], kl: k1 }, options, batch);
  [2, -15].forEach((score, row) => {
    const one = assembleRewards({ scores: [score], kl: rowSlice(k1, batch, row) }, options, rowBatch(batch, row));
    assert.deepEqual(one, rowSlice(whole, batch, row));
  });
});

test('without a clip range scores pass as they are', () => {
  const { klCoef } = options;
  const unclipped = assembleRewards({ scores: [2, -15], kl: k1 }, { klCoef, clipRange: null }, batch);
  assertClose([unclipped[5]!], [-15.04]);
});

test('a row without any token gets its score at the last column', () => {
  const empty = { numRows: 1, numColumns: 3, lossMask: new Uint8Array(3) };
  const result = assembleRewards({ scores: [1], kl: Float32Array.of(5, 5, 5) }, options, empty);
  assert.deepEqual([...result], [0, 0, 1]);
});

test('the score goes to the last generated token, past environment tokens inside', () => {
  const turns = { numRows: 1, numColumns: 4, lossMask: Uint8Array.of(1, 0, 1, 0) };
  const result = assembleRewards({ scores: [1], kl: new Float32Array(4) }, options, turns);
  assert.deepEqual(result.map(Math.abs), Float32Array.of(0, 0, 1, 0));
});

test('the overlong penalty gives the golden scores', () => {
  const by = { maxTokens: 1024, bufferTokens: 128, factor: 1 };
  assertClose(
    [900, 1000, 2000].map((length) => 1 + overlongPenalty(length, by)),
    [0.96875, 0.1875, 0],
  );
  assert.equal(overlongPenalty(896, by), 0);
});

test('a truncated response is scaled by a coefficient and replaced by a negative one', () => {
  assertClose([penalizeTruncated(-1, 0.3)], [-0.3]);
  assert.equal(penalizeTruncated(2, -0.5), -0.5);
});

test('scores are normalised by the reward model itself', () => {
  assert.deepEqual([...normalizeScores([3, 5], { scoreMean: 3, scoreStd: 4 })], [0, 0.5]);
});
