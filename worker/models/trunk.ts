// The decoder-only transformer of the Llama family without a head: embedding, layers, final norm, on a graph with
// gradients. Knows the architecture and the names of the parameters' slots; refuses to know losses, heads, optimizers.
// Source: transformers' modeling_llama.py, modeling_mistral.py, modeling_qwen2.py.
//
// Letters: B rows, T length, M positions, d hidden size. Sequences are right-padded: the prompt starts at column 0, the
// response follows at once. Padding comes after everything that counts, so causal attention never sees it.
import assert from 'node:assert/strict';
import { attention } from '../graph/attention.ts';
import type { Graph, Value } from '../graph/graph.ts';
import { add } from '../graph/ops/elementwise.ts';
import { linear } from '../graph/ops/linear.ts';
import { lookUpRows, selectRows } from '../graph/ops/rows.ts';
import { rmsNorm } from '../graph/rms-norm.ts';
import { swiGlu } from '../graph/swiglu.ts';
import type { ModelConfig } from './config.ts';
import type { ParameterLayout } from './layout.ts';

export interface BatchShape {
  /** B */
  readonly rows: number;
  /** T, in tokens. */
  readonly length: number;
  /** M: how many of the B*T positions the head sees. */
  readonly positions: number;
}

export interface ModelDescription {
  readonly config: ModelConfig;
  readonly layout: ParameterLayout;
}

export interface Trunk {
  /** By slot; each is the graph's input "parameter.<slot>". */
  readonly parameters: ReadonlyMap<string, Value>;
  /** Rows of the embedding, [B*T, d]; its gradient is the embedding's, row by row. */
  readonly embedded: Value;
  /** Final-normed rows of the selected positions, [M, d]. */
  readonly hidden: Value;
}

/**
 * Adds the inputs parameter.<slot>, tokenIds int64 [B*T] (row-major [B, T]), selected int64 [M] (b*T + t) and inverse
 * int64 [B*T] (place in selected, or M where not selected; only gradients read it).
 */
export function buildTrunk(graph: Graph, { config, layout }: ModelDescription, shape: BatchShape): Trunk {
  const { rows, length, positions } = shape;
  assert(length <= config.maxPositions, `internal: length ${length} exceeds the model's ${config.maxPositions}`);
  const tokenIds = graph.input('tokenIds', [rows * length], 'int64');
  const selected = graph.input('selected', [positions], 'int64');
  const inverse = graph.input('inverse', [rows * length], 'int64');
  const parameters = new Map(
    layout.slots.map((slot) => [slot.name, graph.input(`parameter.${slot.name}`, slot.shape)] as const),
  );
  const embedded = lookUpRows(graph, parameters.get('embedding')!, tokenIds);
  let hidden = embedded;
  for (let layer = 0; layer < config.numLayers; layer++) {
    hidden = graph.unit(`layer${layer}`, () => buildLayer(graph, hidden, { config, shape, parameters, layer }));
  }
  const chosen = selectRows(graph, hidden, { selected, inverse });
  return { parameters, embedded, hidden: rmsNorm(graph, chosen, parameters.get('finalNorm')!, config.rmsNormEps) };
}

interface LayerContext {
  readonly config: ModelConfig;
  readonly shape: BatchShape;
  readonly parameters: ReadonlyMap<string, Value>;
  readonly layer: number;
}

/** [B*T, d] -> [B*T, d] */
function buildLayer(graph: Graph, input: Value, { config, shape, parameters, layer }: LayerContext): Value {
  const slot = (name: string) => parameters.get(`layers.${layer}.${name}`);
  const { rows, length } = shape;
  const normed = rmsNorm(graph, input, slot('attentionNorm')!, config.rmsNormEps);
  const qkv = linear(graph, normed, slot('qkv')!, slot('qkvBias') ?? null);
  const attended = attention(graph, qkv, { rows, length, ...config });
  const middle = add(graph, input, linear(graph, attended, slot('o')!));
  const middleNormed = rmsNorm(graph, middle, slot('mlpNorm')!, config.rmsNormEps);
  const activated = swiGlu(graph, linear(graph, middleNormed, slot('gateUp')!));
  return add(graph, middle, linear(graph, activated, slot('down')!));
}
