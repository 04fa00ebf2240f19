// Supervised fine-tuning: a fresh language model learns to answer as the demonstrators do. Refuses to know what is
// right.
//
// Letters: B rows, T length, M positions, P per row.
import { Graph } from '../../worker/graph/graph.ts';
import { multiply, negate } from '../../worker/graph/ops/elementwise.ts';
import { sum } from '../../worker/graph/ops/reduce.ts';
import { logitsHead, logprobHead } from '../../worker/models/heads.ts';
import { layoutParameters, type ParameterLayout, slotView } from '../../worker/models/layout.ts';
import { type CompiledGraph, finishTrainGraph } from '../../worker/models/train-graph.ts';
import { buildTrunk, type ModelDescription } from '../../worker/models/trunk.ts';
import { Rng } from '../../worker/ppo/rng.ts';
import type { Device, TensorView } from '../../worker/runtime/device.ts';
import { TrainableModel } from '../../worker/training/trainable-model.ts';
import { packRows, responseTargets } from './batches.ts';
import { demonstrate } from './demonstrators.ts';
import { optimize } from './optimization.ts';
import { MAX_PROMPT_TOKENS, MODEL_CONFIG, type Problem, ProblemStream, promptTokenIds } from './task.ts';

/** B */
const BATCH_SIZE = 128;
/** P: a demonstration has at most 4 tokens. */
const POSITIONS_PER_ROW = 4;
/** T: nothing follows from a demonstration's last token, so the model never reads it. */
const LENGTH = MAX_PROMPT_TOKENS + POSITIONS_PER_ROW - 1;
/** About 1 / sqrt(hidden size). With the usual 0.02 so small a model learns several times more slowly. */
const INITIAL_STANDARD_DEVIATION = 0.1;

export interface SftOptions {
  readonly device: Device;
  readonly threads: number;
  readonly seed: number;
  readonly numSteps: number;
  readonly problems: readonly Problem[];
  readonly onStep: (step: number, loss: number) => void;
}

export interface TrainedModel extends ModelDescription {
  /** [layout.numElements] */
  readonly parameters: Float32Array;
}

export function trainSft({ device, threads, seed, numSteps, problems, onStep }: SftOptions): TrainedModel {
  const layout = layoutParameters(MODEL_CONFIG, 'language-model');
  const parameters = initialParameters(layout, new Rng(seed, 0));
  const gradients = new Float32Array(layout.numElements);
  const model = new TrainableModel({ device, threads, config: MODEL_CONFIG, layout, parameters, gradients });
  try {
    const stream = new ProblemStream(problems, new Rng(seed, 1));
    const rng = new Rng(seed, 2);
    const nextInputs = () => sftInputs(stream.take(BATCH_SIZE), rng);
    optimize({ model, program: model.compile(buildSftGraph(layout)), numSteps, nextInputs, onStep });
  } finally {
    model.dispose();
  }
  return { config: MODEL_CONFIG, layout, parameters };
}

/** Norms 1, everything else normal around 0. */
export function initialParameters(layout: ParameterLayout, rng: Rng): Float32Array {
  const parameters = new Float32Array(layout.numElements);
  for (const slot of layout.slots) {
    const view = slotView(parameters, slot);
    const isNorm = slot.shape.length === 1;
    for (let i = 0; i < view.length; i++) view[i] = isNorm ? 1 : INITIAL_STANDARD_DEVIATION * rng.normal();
  }
  return parameters;
}

/** loss = -sum(targetWeights [M] * logprobs of targets [M]). */
function buildSftGraph(layout: ParameterLayout): CompiledGraph {
  const numPositions = BATCH_SIZE * POSITIONS_PER_ROW;
  const graph = new Graph();
  const shape = { rows: BATCH_SIZE, length: LENGTH, positions: numPositions };
  const trunk = buildTrunk(graph, { config: MODEL_CONFIG, layout }, shape);
  const targets = graph.input('targets', [numPositions], 'int64');
  const weights = graph.input('targetWeights', [numPositions]);
  const logprobs = logprobHead(graph, logitsHead(graph, trunk), targets);
  return finishTrainGraph(graph, negate(graph, sum(graph, multiply(graph, weights, logprobs))), trunk, layout);
}

function sftInputs(problems: readonly Problem[], rng: Rng): Record<string, TensorView> {
  const sequences = problems.map((problem) => ({
    prompt: promptTokenIds(problem),
    response: demonstrate(problem, rng),
  }));
  const rows = sequences.map(({ prompt, response }) => [...prompt, ...response]);
  const firsts = sequences.map(({ prompt }) => prompt.length - 1);
  const inputs = packRows(rows, firsts, { length: LENGTH, positionsPerRow: POSITIONS_PER_ROW });
  return { ...inputs, ...responseTargets(sequences, POSITIONS_PER_ROW) };
}
