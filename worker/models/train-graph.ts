// Turns a trunk with a loss into what a trainer runs: the loss, everything else that is an output already, and a
// gradient per parameter. Refuses to know the loss and the optimizer.
import { gradients } from '../graph/autodiff.ts';
import type { Graph, Value } from '../graph/graph.ts';
import { staticShape } from '../graph/shapes.ts';
import type { DType } from '../runtime/device.ts';
import type { ParameterLayout } from './layout.ts';
import type { Trunk } from './trunk.ts';

export interface TensorSpec {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** An encoded model with static shapes and what its session has to be given. */
export interface CompiledGraph {
  readonly model: Uint8Array;
  readonly inputs: ReadonlyMap<string, TensorSpec>;
  readonly outputs: ReadonlyMap<string, TensorSpec>;
}

/**
 * Adds the outputs "loss" (shape of `loss`, one element), "gradient.<slot>" for each slot but the embedding, and
 * "embeddedGradient" [B*T, d]: row i belongs to row tokenIds[i] of the embedding's gradient, to be added there outside
 * the graph. With tied embeddings "gradient.embedding" is the part that comes through the head.
 */
export function finishTrainGraph(graph: Graph, loss: Value, trunk: Trunk, layout: ParameterLayout): CompiledGraph {
  const isTied = trunk.parameters.get('head') === undefined;
  const slots = layout.slots.map((slot) => slot.name).filter((name) => isTied || name !== 'embedding');
  const wrt = slots.map((name) => trunk.parameters.get(name)!);
  const [embeddedGradient, ...slotGradients] = gradients(graph, loss, [trunk.embedded, ...wrt]);
  graph.output(loss, 'loss');
  graph.output(embeddedGradient!, 'embeddedGradient');
  slots.forEach((name, index) => {
    graph.output(slotGradients[index]!, `gradient.${name}`);
  });
  return compileGraph(graph);
}

/** Encodes a graph of static shapes as it stands. */
export function compileGraph(graph: Graph): CompiledGraph {
  return { model: graph.encode(), inputs: specs(graph.inputs), outputs: specs(graph.outputs) };
}

function specs(values: ReadonlyMap<string, Value>): ReadonlyMap<string, TensorSpec> {
  return new Map([...values].map(([name, value]) => [name, { shape: staticShape(value), dtype: value.dtype }]));
}
