/**
 * Advantages and returns from rewards: generalised advantage estimation, and discounted cumulative returns.
 * Knows nothing of how rewards are made or advantages whitened. Source: OpenRLHF v0.11.0; Schulman et al. 2015,
 * "High-Dimensional Continuous Control Using Generalized Advantage Estimation". Shapes: see token-batch.ts.
 *
 * Environment tokens inside a response (mask 0) are steps with reward 0 and value 0, as in OpenRLHF.
 */
import { assertShape, type TokenBatch } from './token-batch.ts';

export interface Advantages {
  /** [B, A] */
  readonly advantages: Float32Array;
  /** [B, A], what the critic is trained towards. */
  readonly returns: Float32Array;
}

/**
 * delta_t = r_t + gamma * V_{t+1} - V_t; A_t = delta_t + gamma * lambda * A_{t+1}; returns = A + V. The value after the
 * last column is 0.
 */
export function computeGae(
  inputs: { readonly rewards: Float32Array; readonly values: Float32Array },
  options: { readonly gamma: number; readonly gaeLambda: number },
  batch: TokenBatch,
): Advantages {
  const { rewards, values } = inputs;
  assertShape('rewards', rewards, batch);
  assertShape('values', values, batch);
  const { numColumns, lossMask } = batch;
  const decay = options.gamma * options.gaeLambda;
  const advantages = new Float32Array(rewards.length);
  const returns = new Float32Array(rewards.length);
  for (let row = 0; row < batch.numRows; row++) {
    let nextValue = 0;
    let advantage = 0;
    for (let i = (row + 1) * numColumns - 1; i >= row * numColumns; i--) {
      const isTrained = lossMask[i] === 1;
      const value = isTrained ? values[i]! : 0;
      const reward = isTrained ? rewards[i]! : 0;
      advantage = reward + options.gamma * nextValue - value + decay * advantage;
      nextValue = value;
      if (!isTrained) continue;
      advantages[i] = advantage;
      returns[i] = advantage + value;
    }
  }
  return { advantages, returns };
}

/** R_t = r_t + gamma * R_{t+1}, [B, A]. */
export function computeCumulativeReturns(rewards: Float32Array, gamma: number, batch: TokenBatch): Float32Array {
  assertShape('rewards', rewards, batch);
  const { numColumns, lossMask } = batch;
  const returns = new Float32Array(rewards.length);
  for (let row = 0; row < batch.numRows; row++) {
    let sum = 0;
    for (let i = (row + 1) * numColumns - 1; i >= row * numColumns; i--) {
      sum = (lossMask[i] ? rewards[i]! : 0) + gamma * sum;
      if (lossMask[i]) returns[i] = sum;
    }
  }
  return returns;
}
