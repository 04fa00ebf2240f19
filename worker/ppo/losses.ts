/**
 * Reference implementation of the policy's and the critic's loss: what the training graphs must compute, for tests and
 * metrics. No gradients here. Knows nothing of graphs. Source: OpenRLHF v0.11.0, `PolicyLoss` and
 * `ValueLoss`. Shapes: see token-batch.ts; sums in float64.
 */
import { type Aggregation, aggregateLoss, type StepTotals } from './aggregate.ts';
import { clip } from './rewards.ts';
import { assertShape, type TokenBatch } from './token-batch.ts';

/** Log ratios are held within +- this before exp. */
export const LOG_RATIO_LIMIT = 20;

export interface PolicyLogprobs {
  /** [B, A], under the weights being trained. */
  readonly newLogprobs: Float32Array;
  /** [B, A], the trainer's graph under the weights that made the rollout. */
  readonly oldLogprobs: Float32Array;
  /** [B, A], as generation reported them; needed with a correction only. */
  readonly rolloutLogprobs?: Float32Array;
}

/**
 * Importance weights exp(old - rollout), for a rollout whose sampler differs from the trainer.
 * tis: clamped to the range; icepop: 0 outside it; seqMaskTis: unclamped, but 0 on a whole response whose geometric mean
 * lies outside it. With gspo the ratio itself is taken against the rollout instead and the range is not used.
 */
export interface ImportanceCorrection {
  readonly kind: 'tis' | 'icepop' | 'seqMaskTis';
  readonly low: number;
  readonly high: number;
}

export interface PolicyLossOptions {
  /** ppo: a ratio per token; gspo: one per response (geometric mean), always aggregated by sample. */
  readonly kind: 'ppo' | 'gspo';
  readonly clipRangeLow: number;
  readonly clipRangeHigh: number;
  /** > 1; where the advantage is negative the loss is at most dualClip * |advantage|. null: off. */
  readonly dualClip: number | null;
  readonly correction: ImportanceCorrection | null;
  readonly aggregation: Aggregation;
  /** Of the whole optimizer step; absent: this batch is the step. */
  readonly totals?: StepTotals;
}

export interface PolicyLoss {
  readonly loss: number;
  /** Share of tokens whose clipped term is the smaller one. */
  readonly clipFraction: number;
  /** Token mean of old - new, in nats. */
  readonly policyKl: number;
  /** Token mean of rollout - old, in nats; null without rollout logprobs. */
  readonly rolloutKl: number | null;
}

export function computePolicyLoss(
  inputs: PolicyLogprobs & { readonly advantages: Float32Array },
  options: PolicyLossOptions,
  batch: TokenBatch,
): PolicyLoss {
  const { newLogprobs, oldLogprobs, rolloutLogprobs, advantages } = inputs;
  for (const [name, matrix] of Object.entries(inputs)) if (matrix) assertShape(name, matrix, batch);
  const isGspo = options.kind === 'gspo';
  const ratios = isGspo ? sequenceRatios(inputs, options, batch) : tokenRatios(inputs, batch);
  const weights = isGspo ? null : importanceWeights(inputs, options.correction, batch);
  const losses = new Float64Array(ratios.length);
  const clipped = new Float64Array(ratios.length);
  for (let i = 0; i < losses.length; i++) {
    const term = clippedTerm(ratios[i]!, advantages[i]!, options);
    losses[i] = -term.surrogate * (weights ? weights[i]! : 1);
    clipped[i] = term.isClipped ? 1 : 0;
  }
  return {
    loss: aggregateLoss(losses, batch, isGspo ? 'sample' : options.aggregation, options.totals),
    clipFraction: aggregateLoss(clipped, batch, 'token'),
    policyKl: meanDifference(oldLogprobs, newLogprobs, batch),
    rolloutKl: rolloutLogprobs ? meanDifference(rolloutLogprobs, oldLogprobs, batch) : null,
  };
}

/** Token mean of a - b, from [B, A] each. */
function meanDifference(a: Float32Array, b: Float32Array, batch: TokenBatch): number {
  const differences = Float64Array.from(a, (x, i) => x - b[i]!);
  return aggregateLoss(differences, batch, 'token');
}

/** What PPO maximises for one token: min(ratio * A, clip(ratio) * A), bounded below by dual clip where A < 0. */
export function clippedTerm(
  ratio: number,
  advantage: number,
  options: Pick<PolicyLossOptions, 'clipRangeLow' | 'clipRangeHigh' | 'dualClip'>,
): { surrogate: number; isClipped: boolean } {
  const plain = ratio * advantage;
  const clipped = clip(ratio, 1 - options.clipRangeLow, 1 + options.clipRangeHigh) * advantage;
  let surrogate = Math.min(plain, clipped);
  if (options.dualClip !== null && advantage < 0) surrogate = Math.max(surrogate, options.dualClip * advantage);
  return { surrogate, isClipped: clipped < plain };
}

/** exp(new - old) per token; masked positions hold 1 or whatever the inputs make of it. */
function tokenRatios({ newLogprobs, oldLogprobs }: PolicyLogprobs, batch: TokenBatch): Float64Array {
  const ratios = new Float64Array(newLogprobs.length);
  for (let i = 0; i < ratios.length; i++) {
    if (batch.lossMask[i])
      ratios[i] = Math.exp(clip(newLogprobs[i]! - oldLogprobs[i]!, -LOG_RATIO_LIMIT, LOG_RATIO_LIMIT));
  }
  return ratios;
}

/** Zheng et al. 2025, "Group Sequence Policy Optimization": exp of a response's mean log ratio, on each of its tokens. */
function sequenceRatios(inputs: PolicyLogprobs, options: PolicyLossOptions, batch: TokenBatch): Float64Array {
  const base = options.correction ? requireRollout(inputs) : inputs.oldLogprobs;
  return rowMeans(inputs.newLogprobs, base, batch).map(Math.exp);
}

/** Each response's mean of a - b over its tokens, on every column of its row; [B, A]. */
function rowMeans(a: Float32Array, b: Float32Array, batch: TokenBatch): Float64Array {
  const means = new Float64Array(a.length);
  for (let start = 0; start < a.length; start += batch.numColumns) {
    let sum = 0;
    let count = 0;
    for (let i = start; i < start + batch.numColumns; i++) {
      if (!batch.lossMask[i]) continue;
      sum += a[i]! - b[i]!;
      count++;
    }
    means.fill(sum / Math.max(1, count), start, start + batch.numColumns);
  }
  return means;
}

function importanceWeights(
  inputs: PolicyLogprobs,
  correction: ImportanceCorrection | null,
  batch: TokenBatch,
): Float64Array | null {
  if (!correction) return null;
  const { oldLogprobs } = inputs;
  const rolloutLogprobs = requireRollout(inputs);
  const { kind, low, high } = correction;
  const isInside = (w: number) => low <= w && w <= high;
  const weights = Float64Array.from(oldLogprobs, (old, i) => Math.exp(old - rolloutLogprobs[i]!));
  if (kind === 'tis') return weights.map((w) => clip(w, low, high));
  if (kind === 'icepop') return weights.map((w) => (isInside(w) ? w : 0));
  const sequenceWeights = rowMeans(oldLogprobs, rolloutLogprobs, batch).map(Math.exp);
  return weights.map((w, i) => (isInside(sequenceWeights[i]!) ? w : 0));
}

function requireRollout({ rolloutLogprobs }: PolicyLogprobs): Float32Array {
  if (!rolloutLogprobs) throw new TypeError('internal: a correction needs rolloutLogprobs');
  return rolloutLogprobs;
}

export interface ValueLossOptions {
  /** The value may move this far from the old one before its error counts in full; null: off. */
  readonly valueClipRange: number | null;
  readonly totals?: StepTotals;
}

/** 0.5 * token mean of max((clipped V - R)^2, (V - R)^2). clipFraction: share of tokens whose clipped error is larger. */
export function computeValueLoss(
  inputs: { readonly values: Float32Array; readonly oldValues: Float32Array; readonly returns: Float32Array },
  options: ValueLossOptions,
  batch: TokenBatch,
): { readonly loss: number; readonly clipFraction: number } {
  const { values, oldValues, returns } = inputs;
  for (const [name, matrix] of Object.entries(inputs)) assertShape(name, matrix, batch);
  const range = options.valueClipRange ?? Number.POSITIVE_INFINITY;
  const losses = new Float64Array(values.length);
  const clipped = new Float64Array(values.length);
  for (let i = 0; i < losses.length; i++) {
    const plain = (values[i]! - returns[i]!) ** 2;
    const bounded = (oldValues[i]! + clip(values[i]! - oldValues[i]!, -range, range) - returns[i]!) ** 2;
    // The difference of floats that cancels without a clip range may not count as clipping.
    const isClipped = options.valueClipRange !== null && bounded > plain;
    losses[i] = 0.5 * (isClipped ? bounded : plain);
    clipped[i] = isClipped ? 1 : 0;
  }
  return {
    loss: aggregateLoss(losses, batch, 'token', options.totals),
    clipFraction: aggregateLoss(clipped, batch, 'token'),
  };
}
