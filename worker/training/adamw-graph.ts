// One AdamW update as an ONNX graph over a chunk of flat buffers. Pure construction; refuses to know sessions, models
// and schedules.
import { Graph, type Value } from '../graph/graph.ts';

/** The update's scalars, each an input of shape []; derived from the hyperparameters and the step count. */
export const SCALARS = [
  'beta1',
  'oneMinusBeta1',
  'beta2',
  'oneMinusBeta2',
  'decay',
  'stepSize',
  'scaledEpsilon',
] as const;
export type ScalarName = (typeof SCALARS)[number];

export interface AdamWHyper {
  readonly learningRate: number;
  /** In [0, 1). */
  readonly beta1: number;
  /** In [0, 1). */
  readonly beta2: number;
  /** Above 0: padding elements would become 0 / 0. */
  readonly epsilon: number;
  readonly weightDecay: number;
}

/**
 * Inputs parameters, gradients, first, second: float32 [n] and SCALARS; outputs newParameters, newFirst, newSecond [n].
 * Each input is read only by what its output depends on, so that an output may be written over its input.
 *
 * Loshchilov & Hutter, "Decoupled Weight Decay Regularization" (2019), algorithm 2, with the bias corrections folded
 * into two scalars as in torch.optim.AdamW:
 *   m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2,
 *   p = p (1 - lr wd) - [lr sqrt(1 - beta2^t) / (1 - beta1^t)] m / (sqrt(v) + epsilon sqrt(1 - beta2^t)).
 */
export function buildAdamWGraph(): Uint8Array {
  const graph = new Graph();
  const shape = ['n'];
  const [parameters, gradients, first, second] = ['parameters', 'gradients', 'first', 'second'].map((name) =>
    graph.input(name, shape),
  ) as [Value, Value, Value, Value];
  const scalars = Object.fromEntries(SCALARS.map((name) => [name, graph.input(name, [])])) as Record<ScalarName, Value>;
  const op = (type: string, ...inputs: Value[]) => graph.op(type, inputs, [{ shape }])[0]!;

  const newFirst = op('Add', op('Mul', first, scalars.beta1), op('Mul', gradients, scalars.oneMinusBeta1));
  const squares = op('Mul', gradients, gradients);
  const newSecond = op('Add', op('Mul', second, scalars.beta2), op('Mul', squares, scalars.oneMinusBeta2));
  const direction = op('Div', newFirst, op('Add', op('Sqrt', newSecond), scalars.scaledEpsilon));
  const decayed = op('Mul', parameters, scalars.decay);
  graph.output(op('Sub', decayed, op('Mul', direction, scalars.stepSize)), 'newParameters');
  graph.output(newFirst, 'newFirst');
  graph.output(newSecond, 'newSecond');
  return graph.encode();
}

/** The scalars of step `stepCount` (from 1). `decay` is for decayed parameters; the others' is 1. */
export function scalarsOf(hyper: AdamWHyper, stepCount: number): Record<ScalarName, number> {
  const rootCorrection = Math.sqrt(1 - hyper.beta2 ** stepCount);
  return {
    beta1: hyper.beta1,
    oneMinusBeta1: 1 - hyper.beta1,
    beta2: hyper.beta2,
    oneMinusBeta2: 1 - hyper.beta2,
    decay: 1 - hyper.learningRate * hyper.weightDecay,
    stepSize: (hyper.learningRate * rootCorrection) / (1 - hyper.beta1 ** stepCount),
    scaledEpsilon: hyper.epsilon * rootCorrection,
  };
}

/** Throws with every hyperparameter that would make an update meaningless. */
export function checkHyper(hyper: AdamWHyper): void {
  const rules: readonly (readonly [keyof AdamWHyper, boolean, string])[] = [
    ['learningRate', hyper.learningRate >= 0, 'at least 0'],
    ['beta1', hyper.beta1 >= 0 && hyper.beta1 < 1, 'in [0, 1)'],
    ['beta2', hyper.beta2 >= 0 && hyper.beta2 < 1, 'in [0, 1)'],
    ['epsilon', hyper.epsilon > 0, 'above 0'],
    ['weightDecay', hyper.weightDecay >= 0, 'at least 0'],
  ];
  const problems = rules
    .filter(([name, holds]) => !(holds && Number.isFinite(hyper[name])))
    .map(([name, , rule]) => `${name}: found ${hyper[name]}, expected a finite number ${rule}`);
  if (problems.length > 0) throw new RangeError(`AdamW: ${problems.join('; ')}`);
}
