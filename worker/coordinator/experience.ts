/**
 * From a scored rollout to experiences: rewards with the KL penalty, advantages, returns, whitening over the whole
 * rollout, and the figures that describe it. Knows nothing of workers or the wire.
 * Source: design/ppo-math.md 3.4 to 3.6. Old logprobs are the trainer's; the generation server's are only compared.
 *
 * Letters: B responses in the order of (prompt, sample), R response tokens of one, A tokens of the longest.
 */
import type { JobConfig } from '../api/job-config.ts';
import { computeGae } from '../ppo/gae.ts';
import { estimateKl } from '../ppo/kl.ts';
import {
  explainedVariance,
  maxAbsDifference,
  meanAbsDifference,
  meanResponseSum,
  summarize,
  tokenMean,
} from '../ppo/metrics.ts';
import { assembleRewards, clip } from '../ppo/rewards.ts';
import { batchOfLengths, packRows, rowOf, type TokenBatch } from '../ppo/token-batch.ts';
import { whiten } from '../ppo/whiten.ts';
import type { RolloutResponse } from './rollout.ts';
import type { Sequence } from './scoring.ts';

/** What the scorers said, one row per response. */
export interface ScoredRollout {
  readonly sequences: readonly Sequence[];
  readonly responses: readonly RolloutResponse[];
  /** [B][R], by the actor's trainer */
  readonly oldLogprobs: readonly (readonly number[])[];
  /** [B][R] */
  readonly referenceLogprobs: readonly (readonly number[])[];
  /** [B][R], by the critic */
  readonly values: readonly (readonly number[])[];
  /** [B][1], by the reward model */
  readonly scores: readonly (readonly number[])[];
}

/** Everything the trainers learn from; matrices [B, A], row-major, 0 beyond a response's end. */
export interface Experiences {
  readonly sequences: readonly Sequence[];
  readonly batch: TokenBatch;
  readonly responseLengths: readonly number[];
  readonly oldLogprobs: Float32Array;
  readonly referenceLogprobs: Float32Array;
  readonly oldValues: Float32Array;
  readonly advantages: Float32Array;
  readonly returns: Float32Array;
}

export interface ExperienceResult {
  readonly experiences: Experiences;
  /** By names such as rollout/score; the same bits for the same inputs. */
  readonly metrics: Readonly<Record<string, number>>;
}

export interface ExperienceSettings {
  readonly algorithm: JobConfig['algorithm'];
  /** Low and high end that scores are clipped to. */
  readonly clipRange: readonly [number, number];
  readonly klCoef: number;
}

export function computeExperiences(rollout: ScoredRollout, settings: ExperienceSettings): ExperienceResult {
  const { algorithm, clipRange, klCoef } = settings;
  const responseLengths = rollout.responses.map(({ responseTokenIds }) => responseTokenIds.length);
  const batch = batchOfLengths(responseLengths);
  const oldLogprobs = packRows(rollout.oldLogprobs, batch);
  const referenceLogprobs = packRows(rollout.referenceLogprobs, batch);
  const oldValues = packRows(rollout.values, batch);
  const scores = rollout.scores.map(([score]) => clip(score!, ...clipRange));
  const kl = estimateKl(algorithm.kl.estimator, { newLogprobs: oldLogprobs, referenceLogprobs }, batch);
  // With the KL in the loss the reward carries none of it.
  const rewardKlCoef = algorithm.kl.placement === 'reward' ? klCoef : 0;
  const rewards = assembleRewards({ scores, kl }, { klCoef: rewardKlCoef, clipRange: null }, batch);
  const { advantages, returns } = computeGae({ rewards, values: oldValues }, algorithm, batch);
  const logRatios = oldLogprobs.map((logprob, i) => logprob - referenceLogprobs[i]!);
  const rolloutLogprobs = packRows(
    rollout.responses.map((response) => response.rolloutLogprobs),
    batch,
  );
  const { mean: score, std: scoreStd } = summarize(scores);
  const finished = rollout.responses.filter(({ finishReason }) => finishReason === 'stop').length;
  return {
    experiences: {
      sequences: rollout.sequences,
      batch,
      responseLengths,
      oldLogprobs,
      referenceLogprobs,
      oldValues,
      advantages: algorithm.whitenAdvantages ? whiten(advantages, batch) : advantages,
      returns,
    },
    metrics: {
      'rollout/score': score,
      'rollout/scoreStd': scoreStd,
      'rollout/responseTokens': summarize(responseLengths).mean,
      'rollout/finishedShare': finished / rollout.responses.length,
      'policy/kl': meanResponseSum(logRatios, batch),
      'policy/klPerToken': tokenMean(logRatios, batch),
      'policy/klCoef': klCoef,
      'policy/logprobDifference': maxAbsDifference(oldLogprobs, rolloutLogprobs, batch),
      'policy/logprobDifferenceMean': meanAbsDifference(oldLogprobs, rolloutLogprobs, batch),
      'critic/explainedVariance': explainedVariance(oldValues, returns, batch),
    },
  };
}

/** One response's row of a matrix [B, A] as a plain array [R], which is what goes on the wire. */
export function wireRow(matrix: Float32Array, experiences: Experiences, index: number): number[] {
  return Array.from(rowOf(matrix, experiences.batch, index, experiences.responseLengths[index]!));
}
