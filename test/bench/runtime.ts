/**
 * How fast the runtime computes on this machine: AdamW against a plain TypeScript loop over the same buffers, matrix
 * products against one thread, and what a run costs beyond its computation. Medians; a benchmark, never a test.
 */
import { availableParallelism } from 'node:os';
import { Graph } from '../../worker/graph/graph.ts';
import { createCpuDevice } from '../../worker/runtime/cpu-device.ts';
import { AdamW } from '../../worker/training/adamw.ts';
import type { Figure } from './figure.ts';

const HYPER = { learningRate: 1e-3, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.01 };
/** float32 parameters, moments and gradients read; parameters and moments written. */
const ADAMW_BYTES = 7 * 4;

const device = createCpuDevice();
const threads = availableParallelism();

export async function run(): Promise<readonly Figure[]> {
  return [...adamw(4_000_000), ...matrixProduct(1024), runCost()];
}

function adamw(length: number): Figure[] {
  const parameters = new Float32Array(length).fill(1);
  const gradients = Float32Array.from({ length }, (_, i) => Math.sin(i));
  const plain = { parameters: parameters.slice(), first: new Float32Array(length), second: new Float32Array(length) };
  const plainMs = medianMs(9, (round) => plainAdamW(plain, gradients, round + 1));
  const ranges = [{ start: 0, end: length, isDecayed: true }];
  return [1, threads].map((count) => {
    const optimizer = new AdamW({ device, threads: count, parameters, gradients, ranges });
    const ms = medianMs(9, () => optimizer.step(HYPER));
    optimizer.dispose();
    const value = (length * ADAMW_BYTES) / ms / 1e6;
    const metric = `AdamW, ${count} threads`;
    return { bench: 'runtime', metric, value, unit: 'GB/s', reference: 'plain TypeScript loop', ratio: plainMs / ms };
  });
}

interface PlainState {
  readonly parameters: Float32Array;
  readonly first: Float32Array;
  readonly second: Float32Array;
}

function plainAdamW({ parameters, first, second }: PlainState, gradients: Float32Array, stepCount: number): void {
  const { learningRate, beta1, beta2, epsilon, weightDecay } = HYPER;
  const root = Math.sqrt(1 - beta2 ** stepCount);
  const stepSize = (learningRate * root) / (1 - beta1 ** stepCount);
  for (let i = 0; i < parameters.length; i++) {
    const g = gradients[i]!;
    const m = beta1 * first[i]! + (1 - beta1) * g;
    const v = beta2 * second[i]! + (1 - beta2) * g * g;
    first[i] = m;
    second[i] = v;
    parameters[i] =
      parameters[i]! * (1 - learningRate * weightDecay) - (stepSize * m) / (Math.sqrt(v) + epsilon * root);
  }
}

function matrixProduct(size: number): Figure[] {
  const graph = new Graph();
  const [a, b] = [graph.input('a', [size, size]), graph.input('b', [size, size])];
  graph.output(graph.op('MatMul', [a, b], [{ shape: [size, size] }])[0]!, 'product');
  const model = graph.encode();
  const tensor = () => ({ data: new Float32Array(size * size).fill(0.5), shape: [size, size] });
  const rates = [1, threads].map((count) => {
    const session = device.createSession(model, { threads: count, prepacking: false });
    const bound = session.bind({ a: tensor(), b: tensor() }, { product: tensor() });
    const ms = medianMs(15, () => bound.run());
    session.dispose();
    return (2 * size ** 3) / ms / 1e6;
  });
  return rates.map((value, index) => ({
    bench: 'runtime',
    metric: `${size} cubed matrix product, ${index === 0 ? 1 : threads} threads`,
    value,
    unit: 'GFLOP/s',
    reference: '1 thread',
    ratio: value / rates[0]!,
  }));
}

function runCost(): Figure {
  const graph = new Graph();
  graph.output(graph.op('Neg', [graph.input('x', [1])], [{ shape: [1] }])[0]!, 'y');
  const session = device.createSession(graph.encode(), { threads: 1, prepacking: false });
  const tensor = () => ({ data: new Float32Array(1), shape: [1] });
  const bound = session.bind({ x: tensor() }, { y: tensor() });
  const runsPerRound = 10_000;
  const ms = medianMs(9, () => {
    for (let i = 0; i < runsPerRound; i++) bound.run();
  });
  session.dispose();
  const value = (ms * 1000) / runsPerRound;
  return { bench: 'runtime', metric: 'a run of one operator', value, unit: 'us', reference: '', ratio: null };
}

function medianMs(rounds: number, action: (round: number) => void): number {
  action(0);
  const times = Array.from({ length: rounds }, (_, round) => {
    const start = performance.now();
    action(round + 1);
    return performance.now() - start;
  });
  return times.sort((x, y) => x - y)[rounds >> 1]!;
}
