/**
 * The critic's training graph: half the squared error to the returns, with the clip around the old values, as a token
 * mean over the whole optimizer step. Knows nothing of experiences, ranks or optimizers.
 * Source: design/ppo-math.md 3.3 (OpenRLHF v0.11.0); worker/ppo/losses.ts computes the same in TypeScript.
 *
 * Letters: M positions.
 */
import type { JobConfig } from '../../api/job-config.ts';
import { Graph, type Value } from '../../graph/graph.ts';
import {
  add,
  compare,
  divide,
  maximum,
  minimum,
  multiply,
  square,
  subtract,
  where,
} from '../../graph/ops/elementwise.ts';
import { scalarHead } from '../../models/heads.ts';
import { type CompiledGraph, finishTrainGraph } from '../../models/train-graph.ts';
import { type BatchShape, buildTrunk, type ModelDescription } from '../../models/trunk.ts';
import { addTokenWeights, maskedSum, type Objective } from './objective.ts';

export interface ValueOptions {
  /** null: off. */
  readonly valueClipRange: number | null;
}

export function valueOptions({ algorithm }: JobConfig): ValueOptions {
  return { valueClipRange: algorithm.valueClipRange };
}

/** The critic's objective. Figures: clipFraction, value, absoluteError (of the value against the return). */
export function createValueObjective(options: ValueOptions): Objective {
  return {
    head: 'score',
    temperature: 1, // it has no logprobs
    columns: ['oldValues', 'returns'],
    figures: ['clipFraction', 'value', 'absoluteError'],
    buildTrainGraph: (model, shape) => buildValueGraph(model, shape, options),
  };
}

function buildValueGraph(model: ModelDescription, shape: BatchShape, options: ValueOptions): CompiledGraph {
  const graph = new Graph();
  const trunk = buildTrunk(graph, model, shape);
  const { scoreMean, scoreStd } = model.config;
  const centered = subtract(graph, scalarHead(graph, trunk), graph.scalar(scoreMean));
  const values = divide(graph, centered, graph.scalar(scoreStd));
  return finishTrainGraph(graph, addValueLoss(graph, values, options), trunk, model.layout);
}

/** values [M] to the loss []; adds the objective's inputs and the outputs "sum.<figure>". */
export function addValueLoss(graph: Graph, values: Value, { valueClipRange }: ValueOptions): Value {
  const positions = values.shape[0] as number;
  const weights = addTokenWeights(graph, positions);
  const oldValues = graph.input('oldValues', [positions]);
  const returns = graph.input('returns', [positions]);
  const total = (x: Value) => maskedSum(graph, x, weights);
  const plain = subtract(graph, values, returns);
  const error = square(graph, plain);
  let worse = error;
  let clipped: Value = graph.constant(new Float32Array(positions), [positions]);
  if (valueClipRange !== null) {
    // Clamped between bounds, not old + clamp(new - old): inside the range nothing may change, not even by rounding.
    const range = graph.scalar(valueClipRange);
    const low = subtract(graph, oldValues, range);
    const bounded = minimum(graph, maximum(graph, values, low), add(graph, oldValues, range));
    const boundedError = square(graph, subtract(graph, bounded, returns));
    worse = maximum(graph, boundedError, error);
    const isClipped = compare(graph, 'Greater', boundedError, error);
    clipped = where(graph, isClipped, graph.scalar(1), graph.scalar(0));
  }
  graph.output(total(clipped), 'sum.clipFraction');
  graph.output(total(values), 'sum.value');
  graph.output(total(absolute(graph, plain)), 'sum.absoluteError');
  const half = multiply(graph, total(worse), graph.scalar(0.5));
  return multiply(graph, half, weights.tokenWeight);
}

/** |x|; only for figures, without gradient. */
function absolute(graph: Graph, x: Value): Value {
  return graph.op('Abs', [x], [{ shape: x.shape }])[0]!;
}
