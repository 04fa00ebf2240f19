/**
 * Whitening: zero mean and unit variance over the tokens of mask 1. Meant for the whole rollout at once, never for a
 * rank's share of it; long responses weigh more. Knows nothing of what it whitens.
 * Source: OpenRLHF v0.11.0: population variance, floored at 1e-8. Shapes: see token-batch.ts.
 */
import { assertShape, type TokenBatch } from './token-batch.ts';

const MIN_VARIANCE = 1e-8;

export interface Moments {
  readonly count: number;
  readonly mean: number;
  /** Divided by the count. */
  readonly variance: number;
}

/** Two passes: the second over distances from the mean, so that a large mean doesn't drown a small variance. */
export function computeMoments(matrix: Float32Array, batch: TokenBatch): Moments {
  assertShape('matrix', matrix, batch);
  const { lossMask } = batch;
  let count = 0;
  let sum = 0;
  for (let i = 0; i < matrix.length; i++) {
    if (!lossMask[i]) continue;
    count++;
    sum += matrix[i]!;
  }
  if (count === 0) return { count, mean: 0, variance: 0 };
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < matrix.length; i++) if (lossMask[i]) squares += (matrix[i]! - mean) ** 2;
  return { count, mean, variance: squares / count };
}

/** [B, A] to [B, A]. `shouldScale: false` only takes the mean away (OpenRLHF's `no_std_norm`). */
export function whiten(matrix: Float32Array, batch: TokenBatch, options = { shouldScale: true }): Float32Array {
  const { mean, variance } = computeMoments(matrix, batch);
  const scale = options.shouldScale ? 1 / Math.sqrt(Math.max(variance, MIN_VARIANCE)) : 1;
  const whitened = new Float32Array(matrix.length);
  for (let i = 0; i < matrix.length; i++) if (batch.lossMask[i]) whitened[i] = (matrix[i]! - mean) * scale;
  return whitened;
}
