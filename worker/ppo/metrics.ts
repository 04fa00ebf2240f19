/**
 * Figures that tell whether training is healthy. Knows nothing of where they are reported.
 * Shapes: see token-batch.ts.
 */
import { assertShape, type TokenBatch } from './token-batch.ts';
import { computeMoments } from './whiten.ts';

/** Mean over the tokens of mask 1, from [B, A]; 0 where there are none. */
export function tokenMean(matrix: Float32Array, batch: TokenBatch): number {
  return computeMoments(matrix, batch).mean;
}

/** Mean over the responses of each one's sum over its tokens, e.g. the KL of a response in nats; 0 without responses. */
export function meanResponseSum(matrix: Float32Array, batch: TokenBatch): number {
  assertShape('matrix', matrix, batch);
  let sum = 0;
  for (let i = 0; i < matrix.length; i++) if (batch.lossMask[i]) sum += matrix[i]!;
  return batch.numRows === 0 ? 0 : sum / batch.numRows;
}

/**
 * 1 - Var(returns - values) / Var(returns) over tokens of mask 1: 1 is a perfect critic, 0 one that knows the mean, below
 * 0 one that is worse than that. 0 where returns don't vary.
 */
export function explainedVariance(values: Float32Array, returns: Float32Array, batch: TokenBatch): number {
  assertShape('values', values, batch);
  const errors = returns.map((target, i) => target - values[i]!);
  const { variance } = computeMoments(returns, batch);
  return variance === 0 ? 0 : 1 - computeMoments(errors, batch).variance / variance;
}

/** The parity metric: the largest |a - b| over tokens of mask 1. NaN in either gives NaN, never a small number. */
export function maxAbsDifference(a: Float32Array, b: Float32Array, batch: TokenBatch): number {
  assertShape('a', a, batch);
  assertShape('b', b, batch);
  let max = 0;
  for (let i = 0; i < a.length; i++) if (batch.lossMask[i]) max = Math.max(max, Math.abs(a[i]! - b[i]!));
  return max;
}

/** The mean |a - b| over tokens of mask 1; 0 where there are none. */
export function meanAbsDifference(a: Float32Array, b: Float32Array, batch: TokenBatch): number {
  assertShape('b', b, batch);
  const differences = a.map((value, i) => Math.abs(value - b[i]!));
  return tokenMean(differences, batch);
}

export interface Summary {
  readonly mean: number;
  /** Population. */
  readonly std: number;
  readonly min: number;
  readonly max: number;
}

/** Of a plain list, e.g. scores [B] or response lengths. All 0 where the list is empty. */
export function summarize(values: ArrayLike<number>): Summary {
  const n = values.length;
  if (n === 0) return { mean: 0, std: 0, min: 0, max: 0 };
  let sum = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < n; i++) {
    sum += values[i]!;
    min = Math.min(min, values[i]!);
    max = Math.max(max, values[i]!);
  }
  const mean = sum / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (values[i]! - mean) ** 2;
  return { mean, std: Math.sqrt(squares / n), min, max };
}
