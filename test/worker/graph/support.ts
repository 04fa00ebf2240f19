// What the tests of graphs and models share: running a graph, random tensors, finite differences.
import assert from 'node:assert/strict';
import { gradients } from '../../../worker/graph/autodiff.ts';
import { Graph, type Value } from '../../../worker/graph/graph.ts';
import { multiply } from '../../../worker/graph/ops/elementwise.ts';
import { sum } from '../../../worker/graph/ops/reduce.ts';
import { numElements, staticShape } from '../../../worker/graph/shapes.ts';
import { type CompiledGraph, compileGraph } from '../../../worker/models/train-graph.ts';
import { createCpuDevice } from '../../../worker/runtime/cpu-device.ts';
import type { HostArray, TensorView } from '../../../worker/runtime/device.ts';

const device = createCpuDevice();

export type Arrays = Readonly<Record<string, HostArray>>;

/** A session with its buffers; run() computes from the inputs as they are then. */
export class Runner {
  readonly inputs: Record<string, HostArray> = {};
  readonly outputs: Record<string, Float32Array> = {};
  readonly run: () => void;
  readonly #dispose: () => void;

  /** Inputs are borrowed: change them and run again. All outputs are float32. */
  constructor({ model, inputs, outputs }: CompiledGraph, given: Arrays, threads = 1) {
    const session = device.createSession(model, { threads, prepacking: false });
    const inputViews: Record<string, TensorView> = {};
    for (const [name, { shape }] of inputs) {
      const data = given[name];
      assert(data !== undefined, `the test gives no input "${name}"`);
      this.inputs[name] = data;
      inputViews[name] = { data, shape };
    }
    const outputViews: Record<string, TensorView> = {};
    for (const [name, { shape }] of outputs) {
      this.outputs[name] = new Float32Array(numElements(shape));
      outputViews[name] = { data: this.outputs[name], shape };
    }
    const bound = session.bind(inputViews, outputViews);
    this.run = () => bound.run();
    this.#dispose = () => {
      bound.dispose();
      session.dispose();
    };
  }

  [Symbol.dispose](): void {
    this.#dispose();
  }
}

/** Outputs of one run. */
export function runOnce(graph: CompiledGraph, inputs: Arrays, threads = 1): Record<string, Float32Array> {
  using runner = new Runner(graph, inputs, threads);
  runner.run();
  return runner.outputs;
}

/** Uniform numbers in [low, high), the same for the same seed. */
export function random(length: number, seed: number, low = -1, high = 1): Float32Array {
  let state = (seed * 2654435761) >>> 0;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return low + ((high - low) * (state >>> 8)) / 2 ** 24;
  });
}

/** Whole numbers in [0, limit). */
export function randomIds(length: number, seed: number, limit: number): BigInt64Array {
  return BigInt64Array.from(random(length, seed, 0, limit), (x) => BigInt(Math.floor(x)));
}

export function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string) {
  assert.equal(actual.length, expected.length, `${what}: length`);
  let worst = 0;
  for (let i = 0; i < actual.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    assert(!Number.isNaN(difference), `${what}: element ${i} is ${actual[i]}, expected ${expected[i]}`);
    if (difference > worst) worst = difference;
  }
  assert(worst <= tolerance, `${what}: differs by up to ${worst}, allowed ${tolerance}`);
}

export interface GradientCase {
  /** Each gets a gradient, which is checked element by element. */
  readonly inputs: Readonly<Record<string, { readonly shape: readonly number[]; readonly data?: Float32Array }>>;
  readonly build: (graph: Graph, inputs: Readonly<Record<string, Value>>) => Value;
  /** Relative to the largest gradient of the input. */
  readonly tolerance?: number;
}

const STEP = 0.02;

/**
 * Compares gradients of sum(output * random weights) with fourth-order central differences of step 0.02. float32 noise
 * of the loss (about 1e-7) over the step and the truncated h^4 term are each about 1e-5, so the tolerance is 1e-3.
 */
export function checkGradients({ inputs, build, tolerance = 1e-3 }: GradientCase): void {
  const graph = new Graph();
  const values: Record<string, Value> = {};
  const data: Record<string, Float32Array> = {};
  Object.entries(inputs).forEach(([name, input], index) => {
    values[name] = graph.input(name, input.shape);
    data[name] = input.data ?? random(numElements(input.shape), index + 1);
  });
  const output = build(graph, values);
  const weights = graph.constant(random(numElements(staticShape(output)), 99, 0.5, 1.5), staticShape(output));
  const loss = sum(graph, multiply(graph, output, weights));
  const names = Object.keys(inputs);
  const gradientValues = gradients(
    graph,
    loss,
    names.map((name) => values[name]!),
  );
  graph.output(loss, 'loss');
  names.forEach((name, index) => {
    graph.output(gradientValues[index]!, `gradient.${name}`);
  });
  using runner = new Runner(compileGraph(graph), data);
  runner.run();
  // Copied, because the runs below write their gradients into the same buffers.
  const analyticByName = new Map(names.map((name) => [name, runner.outputs[`gradient.${name}`]!.slice()]));
  for (const [name, analytic] of analyticByName) {
    const numeric = finiteDifferences(data[name]!, STEP, () => {
      runner.run();
      return runner.outputs.loss![0]!;
    });
    const scale = Math.max(...numeric.map(Math.abs), 1e-3);
    assertClose(analytic, numeric, tolerance * scale, `gradient of ${name}`);
  }
}

/** Fourth-order central differences of a function of `x`, element by element. */
export function finiteDifferences(x: Float32Array, step: number, evaluate: () => number): number[] {
  return Array.from(x, (original, index) => {
    const at = (offset: number) => {
      x[index] = original + offset;
      return evaluate();
    };
    const derivative = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
    x[index] = original;
    return derivative;
  });
}
