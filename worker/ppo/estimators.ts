/**
 * The advantage estimators, each a row of one table: how scores of a prompt's group are shaped, how returns are made,
 * whether advantages are whitened. Knows nothing of models or of where the scores come from.
 * Source: OpenRLHF v0.11.0, `compute_advantages_and_returns`. Shapes: see token-batch.ts.
 */
import { type Advantages, computeCumulativeReturns, computeGae } from './gae.ts';
import { assembleRewards, type ClipRange } from './rewards.ts';
import type { TokenBatch } from './token-batch.ts';
import { whiten } from './whiten.ts';

/**
 * gae: PPO with a critic; reinforce: REINFORCE++; reinforceBaseline: REINFORCE++-baseline; rloo: leave one out;
 * groupNorm: GRPO; drGrpo: GRPO without the division.
 */
export type Estimator = 'gae' | 'reinforce' | 'reinforceBaseline' | 'rloo' | 'groupNorm' | 'drGrpo';

type GroupShaping = (score: number, group: GroupStatistics) => number;

interface EstimatorRule {
  /** null: scores stay as they are and a group may be of one. */
  readonly shape: GroupShaping | null;
  readonly needsCritic: boolean;
  readonly isGammaForcedToOne: boolean;
  readonly isWhitened: boolean;
}

const rule = (
  shape: GroupShaping | null,
  isWhitened: boolean,
  options: Partial<EstimatorRule> = {},
): EstimatorRule => ({
  shape,
  isWhitened,
  needsCritic: false,
  isGammaForcedToOne: false,
  ...options,
});

const minusMean: GroupShaping = (score, { mean }) => score - mean;

export const ESTIMATORS: Readonly<Record<Estimator, EstimatorRule>> = {
  gae: rule(null, true, { needsCritic: true }),
  reinforce: rule(null, true),
  reinforceBaseline: rule(minusMean, true, { isGammaForcedToOne: true }),
  rloo: rule((score, { sum, size }) => score - (sum - score) / (size - 1), false, { isGammaForcedToOne: true }),
  groupNorm: rule((score, { mean, std }) => (score - mean) / (std + 1e-9), false),
  drGrpo: rule(minusMean, false),
};

export interface GroupStatistics {
  readonly size: number;
  readonly sum: number;
  readonly mean: number;
  /** Unbiased: divided by size - 1. */
  readonly std: number;
}

/** Statistics of scores[start .. start + size - 1]. */
export function groupStatistics(scores: ArrayLike<number>, start: number, size: number): GroupStatistics {
  let sum = 0;
  for (let i = start; i < start + size; i++) sum += scores[i]!;
  const mean = sum / size;
  let squares = 0;
  for (let i = start; i < start + size; i++) squares += (scores[i]! - mean) ** 2;
  return { size, sum, mean, std: size > 1 ? Math.sqrt(squares / (size - 1)) : 0 };
}

/** Scores [B] shaped within groups of `samplesPerPrompt` neighbours. Throws where a group is too small or not whole. */
export function shapeScores(estimator: Estimator, scores: ArrayLike<number>, samplesPerPrompt: number): Float64Array {
  const { shape } = ESTIMATORS[estimator];
  const shaped = Float64Array.from(scores);
  if (shape === null) return shaped;
  if (samplesPerPrompt < 2) throw new RangeError(`estimator ${estimator} needs samplesPerPrompt of at least 2`);
  if (scores.length % samplesPerPrompt !== 0) throw new RangeError('internal: scores are not whole groups');
  for (let start = 0; start < shaped.length; start += samplesPerPrompt) {
    const group = groupStatistics(scores, start, samplesPerPrompt);
    for (let i = start; i < start + samplesPerPrompt; i++) shaped[i] = shape(scores[i]!, group);
  }
  return shaped;
}

export interface AdvantageInputs {
  /** [B], a prompt's samples side by side. */
  readonly scores: ArrayLike<number>;
  /** [B, A] */
  readonly kl: Float32Array;
  /** [B, A], from the critic; needed by gae only. */
  readonly values: Float32Array | null;
}

export interface AdvantageOptions {
  readonly estimator: Estimator;
  readonly samplesPerPrompt: number;
  readonly klCoef: number;
  readonly clipRange: ClipRange | null;
  readonly gamma: number;
  readonly gaeLambda: number;
  /** false leaves advantages as they are even where the estimator whitens. */
  readonly shouldWhiten: boolean;
  /** false: whitening only takes the mean away. */
  readonly shouldScale: boolean;
}

/**
 * Scores to advantages, in OpenRLHF's order: group shaping, clipping (after shaping), rewards with KL, returns,
 * whitening over the whole rollout. Returned `rewards` [B, A] are what the returns were made of.
 */
export function computeAdvantages(
  inputs: AdvantageInputs,
  options: AdvantageOptions,
  batch: TokenBatch,
): Advantages & { readonly rewards: Float32Array } {
  const { needsCritic, isGammaForcedToOne, isWhitened } = ESTIMATORS[options.estimator];
  const scores = shapeScores(options.estimator, inputs.scores, options.samplesPerPrompt);
  const rewards = assembleRewards({ scores, kl: inputs.kl }, options, batch);
  let result: Advantages;
  if (needsCritic) {
    if (inputs.values === null) throw new TypeError(`internal: estimator ${options.estimator} needs values`);
    result = computeGae({ rewards, values: inputs.values }, options, batch);
  } else {
    const returns = computeCumulativeReturns(rewards, isGammaForcedToOne ? 1 : options.gamma, batch);
    result = { advantages: returns, returns };
  }
  if (!isWhitened || !options.shouldWhiten) return { ...result, rewards };
  return { advantages: whiten(result.advantages, batch, options), returns: result.returns, rewards };
}

/** DAPO's dynamic filtering: a group is kept if its mean score lies strictly between the bounds. */
export function isGroupKept(scores: ArrayLike<number>, low: number, high: number): boolean {
  const { mean } = groupStatistics(scores, 0, scores.length);
  return low < mean && mean < high;
}
