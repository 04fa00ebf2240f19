// What the reward model is trained with: one trunk, two heads, one loss. Refuses to know where the pairs come from.
//
// Letters: C pairs, B = 2C rows (first all chosen, then all rejected), T length, P positions per row (the prompt's last
// token and up to R response tokens, P = R + 1), R response tokens at most.
import { Graph, type Value } from '../../worker/graph/graph.ts';
import { add, logSigmoid, multiply, square, subtract } from '../../worker/graph/ops/elementwise.ts';
import { linear, matmul } from '../../worker/graph/ops/linear.ts';
import { sum } from '../../worker/graph/ops/reduce.ts';
import { reshape, split } from '../../worker/graph/ops/shape.ts';
import { logprobHead } from '../../worker/models/heads.ts';
import { layoutParameters, type ParameterLayout, SLOT_ALIGNMENT } from '../../worker/models/layout.ts';
import { type CompiledGraph, finishTrainGraph } from '../../worker/models/train-graph.ts';
import { buildTrunk } from '../../worker/models/trunk.ts';
import type { TensorView } from '../../worker/runtime/device.ts';
import { packRows, responseTargets, type Sequence } from './batches.ts';
import { MAX_RESPONSE_TOKENS, MAX_SEQUENCE_TOKENS, MODEL_CONFIG } from './task.ts';

/** C */
export const NUM_PAIRS = 64;
const NUM_ROWS = 2 * NUM_PAIRS;
/** R */
const NUM_STEPS = MAX_RESPONSE_TOKENS;
/** P */
const POSITIONS_PER_ROW = NUM_STEPS + 1;
/** Keeps scores around 0: preferences alone leave them free to drift. */
const CENTERING = 0.01;

/** The right answer to a prompt beside a wrong one. */
export interface AnswerPair {
  readonly prompt: readonly number[];
  readonly chosen: readonly number[];
  readonly rejected: readonly number[];
}

/** A language model's slots and "score" [1, d] after them. */
export function twoHeadedLayout(): ParameterLayout {
  const { slots, numElements } = layoutParameters(MODEL_CONFIG, 'language-model');
  const shape = [1, MODEL_CONFIG.hiddenSize];
  const score = { name: 'score', shape, offset: numElements, tensors: [] };
  const size = Math.ceil(MODEL_CONFIG.hiddenSize / SLOT_ALIGNMENT) * SLOT_ALIGNMENT;
  return { slots: [...slots, score], numElements: numElements + size };
}

/**
 * loss = preference + centering + imitation:
 *   preference = -sum(w log sigmoid(s_chosen - s_rejected)), after Bradley and Terry, at every step from the first
 *     token that differs (w [C, R] says where), so that the model learns to judge an answer as it is being written;
 *   centering = 0.01 sum(w (s_chosen + s_rejected)^2);
 *   imitation = cross entropy of the chosen response through the language-model head. The head is dropped afterwards,
 *     but by then the trunk can add: preferences alone teach that too slowly.
 */
export function buildRewardGraph(layout: ParameterLayout): CompiledGraph {
  const graph = new Graph();
  const shape = { rows: NUM_ROWS, length: MAX_SEQUENCE_TOKENS, positions: NUM_ROWS * POSITIONS_PER_ROW };
  const trunk = buildTrunk(graph, { config: MODEL_CONFIG, layout }, shape);
  const weights = graph.input('pairWeights', [NUM_PAIRS, NUM_STEPS]);
  const scores = linear(graph, trunk.hidden, trunk.parameters.get('score')!);
  const [chosen, rejected] = alignedScores(graph, scores);
  const preferences = multiply(graph, weights, logSigmoid(graph, subtract(graph, chosen, rejected)));
  const centers = multiply(graph, weights, square(graph, add(graph, chosen, rejected)));
  const centering = multiply(graph, graph.scalar(CENTERING), sum(graph, centers));
  const judged = subtract(graph, centering, sum(graph, preferences));
  const loss = subtract(graph, judged, imitation(graph, trunk.hidden, trunk.parameters.get('head')!));
  return finishTrainGraph(graph, loss, trunk, layout);
}

/** scores [B*P, 1] -> chosen and rejected [C, R]: the score at each step, an ended response's last score repeated. */
function alignedScores(graph: Graph, scores: Value): [Value, Value] {
  const steps = graph.input('steps', [NUM_ROWS, NUM_STEPS, POSITIONS_PER_ROW]);
  const aligned = matmul(graph, steps, reshape(graph, scores, [NUM_ROWS, POSITIONS_PER_ROW, 1]));
  const flat = reshape(graph, aligned, [NUM_ROWS, NUM_STEPS]);
  return split(graph, flat, 0, [NUM_PAIRS, NUM_PAIRS]) as [Value, Value];
}

/** Mean logprob of the chosen responses' tokens. */
function imitation(graph: Graph, hidden: Value, head: Value): Value {
  const numPositions = NUM_PAIRS * POSITIONS_PER_ROW;
  const targets = graph.input('targets', [numPositions], 'int64');
  const weights = graph.input('targetWeights', [numPositions]);
  const [chosen] = split(graph, hidden, 0, [numPositions, numPositions]);
  const logprobs = logprobHead(graph, linear(graph, chosen!, head), targets);
  return sum(graph, multiply(graph, weights, logprobs));
}

/** For exactly C pairs. */
export function rewardInputs(pairs: readonly AnswerPair[]): Record<string, TensorView> {
  const chosen: Sequence[] = pairs.map((pair) => ({ prompt: pair.prompt, response: pair.chosen }));
  const rejected: Sequence[] = pairs.map((pair) => ({ prompt: pair.prompt, response: pair.rejected }));
  const sequences = [...chosen, ...rejected];
  const rows = sequences.map(({ prompt, response }) => [...prompt, ...response]);
  const firsts = sequences.map(({ prompt }) => prompt.length - 1);
  return {
    ...packRows(rows, firsts, { length: MAX_SEQUENCE_TOKENS, positionsPerRow: POSITIONS_PER_ROW }),
    ...responseTargets(chosen, POSITIONS_PER_ROW),
    steps: alignment(sequences),
    pairWeights: pairWeights(pairs),
  };
}

/** One-hot [B, R, P]: step t of a response is seen at position 1 + t, and an ended one at its last token. */
function alignment(sequences: readonly Sequence[]): TensorView {
  const data = new Float32Array(NUM_ROWS * NUM_STEPS * POSITIONS_PER_ROW);
  sequences.forEach(({ response }, row) => {
    for (let step = 0; step < NUM_STEPS; step++) {
      const position = 1 + Math.min(step, response.length - 1);
      data[(row * NUM_STEPS + step) * POSITIONS_PER_ROW + position] = 1;
    }
  });
  return { data, shape: [NUM_ROWS, NUM_STEPS, POSITIONS_PER_ROW] };
}

/** [C, R]: equal from the first step that differs to the longer response's last; each pair sums to 1 / C. */
function pairWeights(pairs: readonly AnswerPair[]): TensorView {
  const data = new Float32Array(NUM_PAIRS * NUM_STEPS);
  pairs.forEach(({ chosen, rejected }, pair) => {
    const end = Math.max(chosen.length, rejected.length);
    let first = 0;
    while (first < end - 1 && chosen[first] === rejected[first]) first++;
    data.fill(1 / ((end - first) * pairs.length), pair * NUM_STEPS + first, pair * NUM_STEPS + end);
  });
  return { data, shape: [NUM_PAIRS, NUM_STEPS] };
}
