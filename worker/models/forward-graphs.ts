// Graphs that score and don't train: logprobs of given tokens, and one number per position. Refuses to know who asks.
import { Graph } from '../graph/graph.ts';
import { atTemperature, entropy, logitsHead, logprobHead, scalarHead } from './heads.ts';
import { type CompiledGraph, compileGraph } from './train-graph.ts';
import { type BatchShape, buildTrunk, type ModelDescription } from './trunk.ts';

/** The trunk's inputs and targets int64 [M] -> logprobs [M] at the temperature, entropy [M] at 1. */
export function buildLogprobGraph(model: ModelDescription, shape: BatchShape, temperature = 1): CompiledGraph {
  const graph = new Graph();
  const logits = logitsHead(graph, buildTrunk(graph, model, shape));
  const targets = graph.input('targets', [shape.positions], 'int64');
  graph.output(logprobHead(graph, atTemperature(graph, logits, temperature), targets), 'logprobs');
  graph.output(entropy(graph, logits), 'entropy');
  return compileGraph(graph);
}

/** The trunk's inputs -> values [M], raw. */
export function buildScalarGraph(model: ModelDescription, shape: BatchShape): CompiledGraph {
  const graph = new Graph();
  graph.output(scalarHead(graph, buildTrunk(graph, model, shape)), 'values');
  return compileGraph(graph);
}

/** The trunk's inputs -> logits [M, V]. */
export function buildLogitsGraph(model: ModelDescription, shape: BatchShape): CompiledGraph {
  const graph = new Graph();
  graph.output(logitsHead(graph, buildTrunk(graph, model, shape)), 'logits');
  return compileGraph(graph);
}
