// Objectives as small graphs of their own, with the per-token inputs made free: loss, figures and gradient. Knows no test.
import { gradients } from '../../../../worker/graph/autodiff.ts';
import { Graph, type Value } from '../../../../worker/graph/graph.ts';
import { compileGraph } from '../../../../worker/models/train-graph.ts';
import type { TokenBatch } from '../../../../worker/ppo/token-batch.ts';
import { Runner } from '../../graph/support.ts';

/** The input that the loss is differentiated by, the others, and what an objective does with them. */
export interface LossCase {
  /** Differentiated inputs by name, each [M]. */
  readonly free: Readonly<Record<string, Float32Array>>;
  /** The objective's own inputs, each [M]. */
  readonly columns: Readonly<Record<string, Float32Array>>;
  readonly batch: TokenBatch;
  /** Response tokens of the step; default: the batch's. */
  readonly numTokens?: number;
  readonly build: (graph: Graph, free: Readonly<Record<string, Value>>) => Value;
}

export interface LossRun {
  readonly runner: Runner;
  readonly loss: () => number;
  /** Sum over tokens of a figure. */
  readonly sum: (figure: string) => number;
  /** d loss / d input [M], copied. */
  readonly gradient: (name: string) => Float32Array;
}

export function compileLoss({ free, columns, batch, numTokens, build }: LossCase): LossRun {
  const graph = new Graph();
  const lengths = Object.values(free).map(({ length }) => length);
  const values = Object.fromEntries(Object.keys(free).map((name) => [name, graph.input(name, [lengths[0]!])]));
  const loss = build(graph, values);
  const names = Object.keys(free);
  const slopes = gradients(
    graph,
    loss,
    names.map((name) => values[name]!),
  );
  graph.output(loss, 'loss');
  names.forEach((name, index) => {
    graph.output(slopes[index]!, `gradient.${name}`);
  });
  const lossMask = Float32Array.from(batch.lossMask);
  const tokens = numTokens ?? lossMask.reduce((sum, bit) => sum + bit, 0);
  const tokenWeight = Float32Array.of(1 / tokens);
  const runner = new Runner(compileGraph(graph), { ...free, ...columns, lossMask, tokenWeight });
  runner.run();
  return {
    runner,
    loss: () => runner.outputs.loss![0]!,
    sum: (figure) => runner.outputs[`sum.${figure}`]![0]!,
    gradient: (name) => runner.outputs[`gradient.${name}`]!.slice(),
  };
}
