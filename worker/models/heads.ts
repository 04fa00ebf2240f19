// Heads on a trunk: logits and what follows from them, and one number per position. Refuses to know losses.
//
// Letters: M positions, V vocabulary, d hidden size.
import assert from 'node:assert/strict';
import type { Graph, Value } from '../graph/graph.ts';
import { entropy as entropyOf, logProb } from '../graph/log-prob.ts';
import { multiply } from '../graph/ops/elementwise.ts';
import { linear } from '../graph/ops/linear.ts';
import { reshape } from '../graph/ops/shape.ts';
import { staticShape } from '../graph/shapes.ts';
import type { Trunk } from './trunk.ts';

/** Raw scores [M, V]; without a head of its own (tied) the embedding serves as one. */
export function logitsHead(graph: Graph, trunk: Trunk): Value {
  const weight = trunk.parameters.get('head') ?? trunk.parameters.get('embedding')!;
  return graph.unit('logits', () => linear(graph, trunk.hidden, weight));
}

/** Logits [M, V] of the distribution that is sampled from at a temperature; at 1 they are the same. */
export function atTemperature(graph: Graph, logits: Value, temperature: number): Value {
  return temperature === 1 ? logits : multiply(graph, logits, graph.scalar(1 / temperature));
}

/** Logprobs [M] of targets, int64 [M], under logits [M, V]. */
export function logprobHead(graph: Graph, logits: Value, targets: Value): Value {
  return logProb(graph, logits, targets);
}

/** Entropy in nats, [M], of logits [M, V]. */
export function entropy(graph: Graph, logits: Value): Value {
  return entropyOf(graph, logits);
}

/** One number per position, [M]: values or scores, raw (scoreMean and scoreStd are not applied). */
export function scalarHead(graph: Graph, trunk: Trunk): Value {
  const weight = trunk.parameters.get('head');
  assert(weight?.shape[0] === 1, 'internal: a scalar head needs a layout for the head kind "score"');
  const column = graph.unit('scalar', () => linear(graph, trunk.hidden, weight));
  return reshape(graph, column, [staticShape(column)[0]!]);
}
