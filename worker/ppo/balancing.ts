/**
 * Plans the train steps of an iteration: which experience goes to which rank, into which minibatch and microbatch.
 * Knows nothing of ranks' addresses or of what an experience holds but its lengths.
 *
 * Minibatches are drawn globally, before ranks are looked at: the same seed trains the same minibatches on 1 rank or on
 * 64, and only the order of summation differs. A rank may need other experiences in each epoch; it holds their union.
 * A rollout that minibatchSize doesn't divide makes minibatches of near equal size, never a small last one.
 */
import type { Rng } from './rng.ts';

export interface Microbatch {
  /** Into the rank's own buffer, i.e. positions in `RankPlan.experienceIndices`. May be empty. */
  readonly experienceIndices: readonly number[];
}

/** One optimizer step. Fields as in trainer.proto. */
export interface TrainStep {
  /** The same number on every rank. */
  readonly microbatches: readonly Microbatch[];
  /** Response tokens of the step over all ranks: the loss's denominator. */
  readonly numTokens: number;
}

export interface RankPlan {
  /** Into the rollout, ascending: what the rank's buffer holds, in its order. */
  readonly experienceIndices: readonly number[];
  readonly steps: readonly TrainStep[];
}

export interface TrainPlanOptions {
  /** Generated tokens per experience; they count in the loss. */
  readonly responseLengths: readonly number[];
  /** Prompt and response tokens per experience: what a forward pass costs. Defaults to the response's. */
  readonly sequenceLengths?: readonly number[];
  readonly numRanks: number;
  /** Experiences per optimizer step, over all ranks. */
  readonly minibatchSize: number;
  /** Experiences per forward and backward pass on one rank. */
  readonly microbatchSize: number;
  readonly numPpoEpochs: number;
  readonly rng: Rng;
}

/** Returns one plan per rank. Uses `rng` for numPpoEpochs permutations, whatever the number of ranks. */
export function planTrainSteps(options: TrainPlanOptions): RankPlan[] {
  const { responseLengths, numRanks, rng } = options;
  const numExperiences = responseLengths.length;
  const costs = options.sequenceLengths ?? responseLengths;
  const stepsByRank: { microbatches: number[][]; numTokens: number }[][] = Array.from({ length: numRanks }, () => []);
  for (let epoch = 0; epoch < options.numPpoEpochs; epoch++) {
    const order = rng.permutation(numExperiences);
    for (const minibatch of splitEvenly(order, Math.ceil(numExperiences / options.minibatchSize))) {
      const numTokens = minibatch.reduce((sum, index) => sum + responseLengths[index]!, 0);
      const shares = dealByCost(minibatch, costs, numRanks);
      const largest = Math.ceil(minibatch.length / numRanks);
      const numMicrobatches = Math.ceil(largest / options.microbatchSize);
      shares.forEach((share, rank) => {
        stepsByRank[rank]!.push({ microbatches: splitEvenly(share, numMicrobatches), numTokens });
      });
    }
  }
  return stepsByRank.map(toRankPlan);
}

/** Renumbers experiences of the rollout as positions in the rank's own buffer. */
function toRankPlan(steps: readonly { microbatches: number[][]; numTokens: number }[]): RankPlan {
  const used = new Set(steps.flatMap((step) => step.microbatches.flat()));
  const experienceIndices = [...used].sort((a, b) => a - b);
  const position = new Map(experienceIndices.map((index, i) => [index, i]));
  return {
    experienceIndices,
    steps: steps.map(({ microbatches, numTokens }) => ({
      microbatches: microbatches.map((indices) => ({ experienceIndices: indices.map((i) => position.get(i)!) })),
      numTokens,
    })),
  };
}

/**
 * Deals experiences to ranks as cards, dearest first and turning at the ends (0 1 2 2 1 0 ...): counts differ by at most
 * one, costs by at most one experience's. Within a rank they stay sorted, so that a microbatch holds like lengths.
 */
function dealByCost(minibatch: readonly number[], costs: readonly number[], numRanks: number): number[][] {
  const sorted = [...minibatch].sort((a, b) => costs[b]! - costs[a]! || a - b);
  const shares: number[][] = Array.from({ length: numRanks }, () => []);
  sorted.forEach((index, i) => {
    const place = i % (2 * numRanks);
    shares[place < numRanks ? place : 2 * numRanks - 1 - place]!.push(index);
  });
  return shares;
}

/** `numParts` consecutive parts whose sizes differ by at most one; parts may be empty. */
export function splitEvenly<T>(items: readonly T[], numParts: number): T[][] {
  const parts: T[][] = [];
  for (let part = 0; part < numParts; part++) {
    const start = Math.floor((part * items.length) / numParts);
    parts.push(items.slice(start, Math.floor(((part + 1) * items.length) / numParts)));
  }
  return parts;
}
