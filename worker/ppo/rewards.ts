/**
 * From scores (one per response) to rewards (one per token): normalisation, length penalties, clipping, KL penalty.
 * Knows nothing of estimators. Source: OpenRLHF v0.11.0: `compute_reward`, DAPO's overlong
 * penalty, ProRL's stop-properly penalty. Shapes: see token-batch.ts; scores [B].
 */
import { assertShape, type TokenBatch } from './token-batch.ts';

export type ClipRange = readonly [low: number, high: number];

export function clip(x: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, x));
}

/** Raw outputs [B] of a reward model to scores [B], by the mean and std of its config.json. */
export function normalizeScores(raw: ArrayLike<number>, by: { scoreMean: number; scoreStd: number }): Float32Array {
  return Float32Array.from(raw, (score) => (score - by.scoreMean) / by.scoreStd);
}

/**
 * DAPO's soft overlong penalty, to be added to a score: 0 up to maxTokens - bufferTokens, then falling to -factor over
 * the buffer.
 */
export function overlongPenalty(
  numTokens: number,
  options: { readonly maxTokens: number; readonly bufferTokens: number; readonly factor: number },
): number {
  const excess = numTokens - (options.maxTokens - options.bufferTokens);
  if (excess <= 0) return 0;
  return (-Math.min(excess, options.bufferTokens) / options.bufferTokens) * options.factor;
}

/** ProRL's penalty for a truncated response: a coefficient in [0, 1] scales the score, a negative one replaces it. */
export function penalizeTruncated(score: number, coef: number): number {
  return coef >= 0 ? score * coef : coef;
}

/**
 * Rewards per token [B, A]: -klCoef * kl_t, and the clipped score at the last token of mask 1. A row without any gets
 * its score at the last column, as OpenRLHF does; nothing is lost silently, but nothing trains on it either.
 */
export function assembleRewards(
  inputs: { readonly scores: ArrayLike<number>; readonly kl: Float32Array },
  options: { readonly klCoef: number; readonly clipRange: ClipRange | null },
  batch: TokenBatch,
): Float32Array {
  const { scores, kl } = inputs;
  assertShape('kl', kl, batch);
  if (scores.length !== batch.numRows) throw new RangeError(`internal: ${scores.length} scores`);
  const { numColumns, lossMask } = batch;
  const [low, high] = options.clipRange ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const rewards = new Float32Array(kl.length);
  for (let row = 0; row < batch.numRows; row++) {
    const start = row * numColumns;
    const end = start + numColumns;
    let last = end - 1;
    while (last > start && !lossMask[last]) last--;
    if (!lossMask[last]) last = end - 1;
    for (let i = start; i < end; i++) if (lossMask[i]) rewards[i] = -options.klCoef * kl[i]!;
    if (numColumns > 0) rewards[last]! += clip(scores[row]!, low, high);
  }
  return rewards;
}
