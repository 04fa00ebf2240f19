/**
 * Draws a token from a row of probabilities: greedy, top-k, top-p (in this order, as vLLM does), with random numbers that
 * follow from (seed, place in the response) alone. Knows nothing of models or batches; allocates nothing per token.
 */
import { deriveSeed } from '../ppo/rng.ts';
import { CandidateHeap } from './candidate-heap.ts';
import type { RankedToken, SamplingParams } from './sequence.ts';

/** Uniform over [0, 1) in steps of 2^-53; counter-based: the same on every replica, whatever was drawn before. */
export function uniformAt(seed: number, index: number): number {
  const high = deriveSeed(seed, index, 0) >>> 5;
  const low = deriveSeed(seed, index, 1) >>> 6;
  return (high * 2 ** 26 + low) / 2 ** 53;
}

/** One row of a matrix [N, V]. */
export interface Row {
  readonly data: Float32Array;
  readonly start: number;
}

export class Sampler {
  readonly #vocabSize: number;
  readonly #heap: CandidateHeap;

  constructor(vocabSize: number) {
    this.#vocabSize = vocabSize;
    this.#heap = new CandidateHeap(vocabSize);
  }

  /** The likeliest token, the first of equals. */
  greedy(row: Row): number {
    const { data, start } = row;
    let best = start;
    for (let at = start + 1; at < start + this.#vocabSize; at++) if (data[at]! > data[best]!) best = at;
    return best - start;
  }

  /** A token from probabilities that add up to about 1; `uniform` in [0, 1) decides which. */
  sample(row: Row, { topK, topP }: Pick<SamplingParams, 'topK' | 'topP'>, uniform: number): number {
    const isTruncated = topP < 1 || (topK > 0 && topK < this.#vocabSize);
    return isTruncated ? this.#sampleTruncated(row, { topK, topP }, uniform) : this.#sampleAll(row, uniform);
  }

  /** The `count` greatest entries in falling order. */
  top(row: Row, count: number): RankedToken[] {
    if (count === 0) return [];
    this.#heap.fill(row.data, row.start, this.#floorOfTop(row, count));
    const ranked: RankedToken[] = [];
    while (ranked.length < count && this.#heap.size > 0) {
      const tokenId = this.#heap.pop();
      ranked.push({ tokenId, logprob: row.data[row.start + tokenId]! });
    }
    return ranked;
  }

  #sampleAll({ data, start }: Row, uniform: number): number {
    const end = start + this.#vocabSize;
    let total = 0;
    for (let at = start; at < end; at++) total += data[at]!;
    const target = uniform * total;
    let sum = 0;
    let last = start;
    for (let at = start; at < end; at++) {
      if (data[at]! === 0) continue;
      sum += data[at]!;
      last = at;
      if (sum > target) break;
    }
    return last - start;
  }

  #sampleTruncated({ data, start }: Row, { topK, topP }: Pick<SamplingParams, 'topK' | 'topP'>, uniform: number) {
    const heap = this.#heap;
    const hasTopK = topK > 0 && topK < this.#vocabSize;
    // Tokens this unlikely weigh at most 1 - topP together, so that the nucleus is complete without them.
    heap.fill(data, start, hasTopK ? this.#floorOfTop({ data, start }, topK) : (1 - topP) / this.#vocabSize);
    const limit = hasTopK ? topK : this.#vocabSize;
    const enough = hasTopK ? Number.POSITIVE_INFINITY : topP;
    let total = 0;
    let count = 0;
    while (count < limit && heap.size > 0 && total < enough) {
      total += data[start + heap.pop()]!;
      count++;
    }
    if (hasTopK && topP < 1) {
      const nucleus = topP * total;
      total = 0;
      let kept = 0;
      while (kept < count && total < nucleus) total += data[start + heap.popped(kept++)]!;
      count = kept;
    }
    const target = uniform * total;
    let sum = 0;
    for (let rank = 0; rank < count - 1; rank++) {
      sum += data[start + heap.popped(rank)]!;
      if (sum > target) return heap.popped(rank);
    }
    return heap.popped(count - 1);
  }

  /**
   * A number that the `count` greatest entries reach and most others don't: of `count` blocks of the row, the greatest
   * entries are as many different ones, so the least of them is no greater than the entry looked for.
   */
  #floorOfTop({ data, start }: Row, count: number): number {
    const blockLength = Math.floor(this.#vocabSize / count);
    if (blockLength < 2) return Number.NEGATIVE_INFINITY;
    let floor = Number.POSITIVE_INFINITY;
    for (let block = 0; block < count; block++) {
      const first = start + block * blockLength;
      let greatest = data[first]!;
      for (let at = first + 1; at < first + blockLength; at++) if (data[at]! > greatest) greatest = data[at]!;
      if (greatest < floor) floor = greatest;
    }
    return floor;
  }
}
