/**
 * What a trainer optimises, as the rest of training sees it: which numbers of an experience it needs, a training graph
 * per static shape, and the sums that its figures are made of. Knows no loss.
 *
 * Letters: M positions (response tokens of a microbatch, padded).
 */
import type { Graph, Value } from '../../graph/graph.ts';
import { multiply } from '../../graph/ops/elementwise.ts';
import { sum } from '../../graph/ops/reduce.ts';
import type { HeadKind } from '../../models/layout.ts';
import type { CompiledGraph } from '../../models/train-graph.ts';
import type { BatchShape, ModelDescription } from '../../models/trunk.ts';

/** Numbers per response token, as in trainer.proto. */
export type ColumnName = 'oldLogprobs' | 'advantages' | 'referenceLogprobs' | 'oldValues' | 'returns';

export interface Objective {
  readonly head: HeadKind;
  /** What logprobs are at, in training and in scoring. */
  readonly temperature: number;
  /** Each is an input float32 [M] of the training graph, under its name; what is padding may hold any finite number. */
  readonly columns: readonly ColumnName[];
  /**
   * Figures that are means over tokens: output "sum.<name>" is the sum over a microbatch's tokens. Output "loss" is the
   * microbatch's part of the step's loss.
   */
  readonly figures: readonly string[];
  buildTrainGraph(model: ModelDescription, shape: BatchShape): CompiledGraph;
}

/** Inputs that every objective has: which positions count, and what a token weighs in the step. */
export interface TokenWeights {
  /** "lossMask" [M]: 1 for a response token, 0 for padding. */
  readonly lossMask: Value;
  /** "tokenWeight" []: 1 / response tokens of the step, over all microbatches and ranks. */
  readonly tokenWeight: Value;
}

export function addTokenWeights(graph: Graph, positions: number): TokenWeights {
  return { lossMask: graph.input('lossMask', [positions]), tokenWeight: graph.input('tokenWeight', []) };
}

/** Sum of values [M] over the tokens that count, []. */
export function maskedSum(graph: Graph, values: Value, { lossMask }: TokenWeights): Value {
  return sum(graph, multiply(graph, values, lossMask));
}
