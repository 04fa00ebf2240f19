// A tiny Llama with random parameters, a weighted likelihood loss and batches for it. Knows no test.
import { Graph } from '../../../../worker/graph/graph.ts';
import { multiply, negate } from '../../../../worker/graph/ops/elementwise.ts';
import { sum } from '../../../../worker/graph/ops/reduce.ts';
import type { ModelConfig } from '../../../../worker/models/config.ts';
import { logitsHead, logprobHead } from '../../../../worker/models/heads.ts';
import { layoutParameters, type ParameterLayout, slotView } from '../../../../worker/models/layout.ts';
import { type CompiledGraph, finishTrainGraph } from '../../../../worker/models/train-graph.ts';
import { type BatchShape, buildTrunk } from '../../../../worker/models/trunk.ts';
import type { TensorView } from '../../../../worker/runtime/device.ts';

export function tinyConfig(overrides: Partial<ModelConfig> = {}): ModelConfig {
  return {
    modelType: 'llama',
    vocabSize: 23,
    hiddenSize: 32,
    intermediateSize: 48,
    numLayers: 2,
    numHeads: 4,
    numKvHeads: 2,
    headDim: 8,
    rmsNormEps: 1e-5,
    ropeTheta: 10000,
    maxPositions: 64,
    tieWordEmbeddings: false,
    attentionBias: false,
    bosTokenId: null,
    eosTokenIds: [0],
    padTokenId: 0,
    scoreMean: 0,
    scoreStd: 1,
    ...overrides,
  };
}

/** Repeatable numbers in [-1, 1). */
export function noise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** Norms around 1, everything else small; padding is 0. */
export function randomParameters(layout: ParameterLayout, seed: number): Float32Array {
  const next = noise(seed);
  const flat = new Float32Array(layout.numElements);
  for (const slot of layout.slots) {
    const isNorm = slot.name.toLowerCase().endsWith('norm');
    const view = slotView(flat, slot);
    for (let i = 0; i < view.length; i++) view[i] = isNorm ? 1 + 0.1 * next() : 0.3 * next();
  }
  return flat;
}

/** loss = -sum over positions of lossWeights [M] * logprobs [M]; logprobs are an output too. */
export function likelihoodGraph(config: ModelConfig, shape: BatchShape): CompiledGraph {
  const layout = layoutParameters(config, 'language-model');
  const graph = new Graph();
  const trunk = buildTrunk(graph, { config, layout }, shape);
  const targets = graph.input('targets', [shape.positions], 'int64');
  const lossWeights = graph.input('lossWeights', [shape.positions]);
  const logprobs = logprobHead(graph, logitsHead(graph, trunk), targets);
  graph.output(logprobs, 'logprobs');
  const loss = negate(graph, sum(graph, multiply(graph, lossWeights, logprobs)));
  return finishTrainGraph(graph, loss, trunk, layout);
}

/** Every position predicts the next token; `rows` of `length` tokens each. */
export function likelihoodInputs(rows: readonly (readonly number[])[]): Record<string, TensorView> {
  const length = rows[0]!.length;
  const numTokens = rows.length * length;
  const indices = rows.flatMap((_, b) => Array.from({ length: length - 1 }, (_, t) => b * length + t));
  const targets = rows.flatMap((row) => row.slice(1));
  const inverse = new BigInt64Array(numTokens).fill(BigInt(indices.length));
  indices.forEach((position, m) => {
    inverse[position] = BigInt(m);
  });
  const ints = (values: readonly number[]) => ({ data: BigInt64Array.from(values, BigInt), shape: [values.length] });
  return {
    tokenIds: ints(rows.flat()),
    selected: ints(indices),
    inverse: { data: inverse, shape: [numTokens] },
    targets: ints(targets),
    lossWeights: { data: Float32Array.from(indices, (_, m) => 0.5 + (m % 3) * 0.25), shape: [indices.length] },
  };
}
