// Draws against the distribution they come from; random numbers that depend on seed and place alone.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Sampler, uniformAt } from '../../../worker/generation/sampler.ts';
import { Rng } from '../../../worker/ppo/rng.ts';

function probabilities(vocabSize: number, seed: number): Float32Array {
  const rng = new Rng(seed);
  const weights = Array.from({ length: vocabSize }, () => Math.exp(3 * rng.normal()));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return Float32Array.from(weights, (weight) => weight / total);
}

/** Tokens that may be drawn with their probabilities, by sorting: top-k first, top-p of what that leaves. */
function truncated(row: Float32Array, topK: number, topP: number): Map<number, number> {
  const sorted = [...row.keys()].sort((a, b) => row[b]! - row[a]! || a - b).slice(0, topK || row.length);
  const mass = topK > 0 ? sorted.reduce((sum, token) => sum + row[token]!, 0) : 1;
  const kept: number[] = [];
  let sum = 0;
  for (const token of sorted) {
    if (sum >= topP * mass) break;
    kept.push(token);
    sum += row[token]!;
  }
  return new Map(kept.map((token) => [token, row[token]! / sum]));
}

describe('uniformAt', () => {
  it('depends on seed and place alone and is uniform', () => {
    assert.equal(uniformAt(5, 3), uniformAt(5, 3));
    assert.equal(new Set([uniformAt(5, 3), uniformAt(5, 4), uniformAt(6, 3), uniformAt(3, 5)]).size, 4);
    const draws = Array.from({ length: 20_000 }, (_, i) => uniformAt(i % 100, Math.floor(i / 100)));
    assert.ok(draws.every((draw) => draw >= 0 && draw < 1));
    const counts = new Array<number>(20).fill(0);
    for (const draw of draws) counts[Math.floor(draw * 20)]!++;
    // Chi-square with 19 degrees of freedom: 43.8 has probability 0.001.
    assert.ok(counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0) < 43.8);
  });
});

describe('Sampler', () => {
  const vocabSize = 50;
  const row = probabilities(vocabSize, 4);
  const padded = new Float32Array(3 * vocabSize);
  padded.set(row, vocabSize);
  const at = { data: padded, start: vocabSize };
  const sampler = new Sampler(vocabSize);

  for (const [topK, topP] of [
    [0, 1],
    [5, 1],
    [0, 0.8],
    [10, 0.5],
    [vocabSize, 1],
    [1, 1],
    [0, 1e-6],
  ] as const) {
    it(`draws from the distribution of top-k ${topK}, top-p ${topP}`, () => {
      const expected = truncated(row, topK === vocabSize ? 0 : topK, topP);
      const numDraws = 20_000;
      const counts = new Map<number, number>();
      for (let i = 0; i < numDraws; i++) {
        const token = sampler.sample(at, { topK, topP }, (i + 0.5) / numDraws);
        counts.set(token, (counts.get(token) ?? 0) + 1);
      }
      for (const token of counts.keys()) assert.ok(expected.has(token), `token ${token} was cut off`);
      // Evenly spaced numbers: each token's share is exact but for the two ends of its interval.
      for (const [token, probability] of expected) {
        assert.ok(Math.abs((counts.get(token) ?? 0) - probability * numDraws) <= 1.5, `token ${token}`);
      }
    });
  }

  it('never draws a token of probability 0, whatever the number', () => {
    const sparse = { data: Float32Array.of(0, 0.5, 0, 0.5, 0), start: 0 };
    const five = new Sampler(5);
    for (const uniform of [0, 0.25, 0.5, 0.75, 1 - 2 ** -53]) {
      assert.ok([1, 3].includes(five.sample(sparse, { topK: 0, topP: 1 }, uniform)));
      assert.ok([1, 3].includes(five.sample(sparse, { topK: 0, topP: 0.99 }, uniform)));
      assert.ok([1, 3].includes(five.sample(sparse, { topK: 2, topP: 1 }, uniform)));
    }
  });

  it('is greedy: the greatest, the first of equals', () => {
    assert.equal(new Sampler(4).greedy({ data: Float32Array.of(9, 1, 3, 2, 3), start: 1 }), 1);
  });

  it('ranks the greatest entries', () => {
    const data = Float32Array.of(-3, -1, -2, -1, -5);
    const top = new Sampler(5).top({ data, start: 0 }, 3);
    assert.deepEqual(top, [
      { tokenId: 1, logprob: -1 },
      { tokenId: 3, logprob: -1 },
      { tokenId: 2, logprob: -2 },
    ]);
    assert.deepEqual(new Sampler(5).top({ data, start: 0 }, 0), []);
    assert.equal(new Sampler(5).top({ data, start: 0 }, 9).length, 5);
  });

  it('ranks a large row as sorting does', () => {
    const large = probabilities(5000, 9);
    const sorted = [...large.keys()].sort((a, b) => large[b]! - large[a]! || a - b);
    for (const count of [1, 7, 100, 2600]) {
      const top = new Sampler(5000).top({ data: large, start: 0 }, count);
      assert.deepEqual(
        top.map(({ tokenId }) => tokenId),
        sorted.slice(0, count),
      );
    }
  });
});
