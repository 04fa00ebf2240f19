/**
 * From losses per token to one number: the token mean and the sample mean, with denominators of the whole optimizer
 * step, so that losses of microbatches and ranks add up to the step's. Knows nothing of which loss it sums.
 * Source: OpenRLHF v0.11.0, `aggregate_loss`. A fully masked batch gives 0, never NaN.
 */
import { assertShape, countNonEmptyRows, countTokens, type TokenBatch } from './token-batch.ts';

/** token: every token weighs the same; sample: every response does. */
export type Aggregation = 'token' | 'sample';

/** Of the optimizer step over all microbatches and ranks. */
export interface StepTotals {
  readonly numTokens: number;
  /** Responses with at least one token. */
  readonly numSamples: number;
}

export function totalsOf(batch: TokenBatch): StepTotals {
  return { numTokens: countTokens(batch), numSamples: countNonEmptyRows(batch) };
}

/** This batch's part of the step's loss, from losses [B, A]. Without `totals` the batch is the whole step. */
export function aggregateLoss(
  losses: ArrayLike<number>,
  batch: TokenBatch,
  aggregation: Aggregation,
  totals: StepTotals = totalsOf(batch),
): number {
  assertShape('losses', losses, batch);
  return aggregation === 'token' ? tokenMean(losses, batch, totals) : sampleMean(losses, batch, totals);
}

function tokenMean(losses: ArrayLike<number>, batch: TokenBatch, totals: StepTotals): number {
  if (totals.numTokens === 0) return 0;
  let sum = 0;
  for (let i = 0; i < losses.length; i++) if (batch.lossMask[i]) sum += losses[i]!;
  return sum / totals.numTokens;
}

function sampleMean(losses: ArrayLike<number>, batch: TokenBatch, totals: StepTotals): number {
  if (totals.numSamples === 0) return 0;
  let sum = 0;
  for (let row = 0; row < batch.numRows; row++) {
    let rowSum = 0;
    let rowTokens = 0;
    for (let i = row * batch.numColumns; i < (row + 1) * batch.numColumns; i++) {
      if (!batch.lossMask[i]) continue;
      rowSum += losses[i]!;
      rowTokens++;
    }
    if (rowTokens > 0) sum += rowSum / rowTokens;
  }
  return sum / totals.numSamples;
}
