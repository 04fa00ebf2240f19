/**
 * The inputs of the golden vectors, and the comparison used with them. The expected values were produced by running
 * OpenRLHF's code (main branch, after v0.11.0) on these inputs in float32, and are given to six digits.
 */
import assert from 'node:assert/strict';
import type { TokenBatch } from '../../../worker/ppo/token-batch.ts';

export const batch: TokenBatch = { numRows: 2, numColumns: 4, lossMask: Uint8Array.of(1, 1, 1, 0, 1, 1, 0, 0) };
export const newLogprobs = Float32Array.of(-0.5, -1.0, -2.0, -0.1, -1.5, -0.2, -0.7, -0.9);
export const oldLogprobs = Float32Array.of(-0.6, -0.9, -1.5, -0.1, -1.0, -0.6, -0.7, -0.9);
export const rolloutLogprobs = Float32Array.of(-0.7, -0.9, -3.5, -0.1, -1.1, -0.5, -0.7, -0.9);
export const advantages = Float32Array.of(1, 1, -1, 0.5, -2, -0.5, 0.25, 1);
export const k1 = Float32Array.of(0.1, -0.1, -0.5, 0, -0.5, 0.4, 0, 0);
export const values = Float32Array.of(0.5, 0.2, -0.3, 0, 1, 0.1, 0, 0);
export const oldValues = Float32Array.of(0, 0.3, 0.4, 0, 0.2, 0.1, 0, 0);
export const returns = Float32Array.of(1, 0.5, 0, 0, 0, 1, 0, 0);
/** From k1, scores 2 and -15 clipped to +-10, KL coefficient 0.1. */
export const rewards = Float32Array.of(-0.01, 0.01, 2.05, 0, 0.05, -10.04, 0, 0);

/** Six digits after the point, as the golden vectors are printed, and float32's own error on values near 10. */
export const TOLERANCE = 2e-6;

export function assertClose(actual: ArrayLike<number>, expected: readonly number[], tolerance = TOLERANCE): void {
  assert.equal(actual.length, expected.length);
  for (let i = 0; i < expected.length; i++) {
    const distance = Math.abs(actual[i]! - expected[i]!);
    assert.ok(distance <= tolerance, `element ${i}: ${actual[i]} is not ${expected[i]} within ${tolerance}`);
  }
}

/** The same rows with garbage in masked positions: no function may look at them. */
export function withGarbage(matrix: Float32Array, of: TokenBatch): Float32Array {
  return matrix.map((x, i) => (of.lossMask[i] ? x : Number.NaN));
}

/** One row of a batch as a batch of its own, cut to `numColumns`. */
export function rowBatch(of: TokenBatch, row: number, numColumns = of.numColumns): TokenBatch {
  const start = row * of.numColumns;
  return { numRows: 1, numColumns, lossMask: of.lossMask.slice(start, start + numColumns) };
}

export function rowSlice(matrix: Float32Array, of: TokenBatch, row: number, numColumns = of.numColumns): Float32Array {
  return matrix.slice(row * of.numColumns, row * of.numColumns + numColumns);
}
