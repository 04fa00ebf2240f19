/**
 * Where each parameter of a model lies in its one flat Float32 buffer. Hugging Face tensors keep their own layout
 * (row-major, [out, in] for linear layers); what a graph uses together lies together, so that q, k, v are one matrix
 * and gate, up another. Knows nothing of files, graphs or what the numbers mean.
 *
 * Letters: V vocabulary, d hidden size, F intermediate size, H heads, KV key-value heads, hd head dimension.
 */
import type { ModelConfig } from './config.ts';

/** Critic and reward model both are 'score': one number per position from "score.weight" [1, d], no bias. */
export type HeadKind = 'language-model' | 'score';

export interface LayoutTensor {
  /** Hugging Face's name. */
  readonly name: string;
  readonly shape: readonly number[];
  /** In elements from the start of the flat buffer. */
  readonly offset: number;
}

/**
 * What the graph sees. Names: "embedding" [V, d]; per layer i "layers.i.attentionNorm" [d], "layers.i.qkv"
 * [(H+2KV)*hd, d], "layers.i.qkvBias" [(H+2KV)*hd] (with attentionBias only), "layers.i.o" [d, H*hd],
 * "layers.i.mlpNorm" [d], "layers.i.gateUp" [2F, d], "layers.i.down" [d, F]; "finalNorm" [d]; "head" [V, d]
 * (language model, untied) or [1, d] (score).
 */
export interface LayoutSlot extends LayoutTensor {
  readonly tensors: readonly LayoutTensor[];
}

export interface ParameterLayout {
  /** In the buffer's order; each starts at a multiple of SLOT_ALIGNMENT elements, what lies between holds 0. */
  readonly slots: readonly LayoutSlot[];
  /** Elements of the flat buffer, padding included. */
  readonly numElements: number;
}

/** 64 bytes: a cache line, and what every SIMD load wants. */
export const SLOT_ALIGNMENT = 16;

type Part = readonly [name: string, shape: readonly number[]];

class LayoutBuilder {
  readonly slots: LayoutSlot[] = [];
  #end = 0;

  /** Parts are stacked along the first axis. */
  add(name: string, parts: readonly Part[]): void {
    const offset = this.#end;
    const tensors: LayoutTensor[] = [];
    let next = offset;
    let rows = 0;
    for (const [tensorName, shape] of parts) {
      tensors.push({ name: tensorName, shape, offset: next });
      next += numElementsOf(shape);
      rows += shape[0]!;
    }
    this.slots.push({ name, shape: [rows, ...parts[0]![1].slice(1)], offset, tensors });
    this.#end = Math.ceil(next / SLOT_ALIGNMENT) * SLOT_ALIGNMENT;
  }

  finish(): ParameterLayout {
    return { slots: this.slots, numElements: this.#end };
  }
}

/** The layout follows from the configuration and the head alone: two processes that agree on them share a buffer. */
export function layoutParameters(config: ModelConfig, head: HeadKind): ParameterLayout {
  const { vocabSize, hiddenSize: d } = config;
  const builder = new LayoutBuilder();
  builder.add('embedding', [['model.embed_tokens.weight', [vocabSize, d]]]);
  for (let layer = 0; layer < config.numLayers; layer++) addLayer(builder, config, layer);
  builder.add('finalNorm', [['model.norm.weight', [d]]]);
  if (head === 'score') builder.add('head', [['score.weight', [1, d]]]);
  else if (!config.tieWordEmbeddings) builder.add('head', [['lm_head.weight', [vocabSize, d]]]);
  return builder.finish();
}

function addLayer(builder: LayoutBuilder, config: ModelConfig, layer: number): void {
  const { hiddenSize: d, intermediateSize, headDim } = config;
  const numQueries = config.numHeads * headDim;
  const numKeys = config.numKvHeads * headDim;
  const slot = `layers.${layer}`;
  const hf = `model.layers.${layer}`;
  builder.add(`${slot}.attentionNorm`, [[`${hf}.input_layernorm.weight`, [d]]]);
  builder.add(`${slot}.qkv`, [
    [`${hf}.self_attn.q_proj.weight`, [numQueries, d]],
    [`${hf}.self_attn.k_proj.weight`, [numKeys, d]],
    [`${hf}.self_attn.v_proj.weight`, [numKeys, d]],
  ]);
  if (config.attentionBias) {
    builder.add(`${slot}.qkvBias`, [
      [`${hf}.self_attn.q_proj.bias`, [numQueries]],
      [`${hf}.self_attn.k_proj.bias`, [numKeys]],
      [`${hf}.self_attn.v_proj.bias`, [numKeys]],
    ]);
  }
  builder.add(`${slot}.o`, [[`${hf}.self_attn.o_proj.weight`, [d, numQueries]]]);
  builder.add(`${slot}.mlpNorm`, [[`${hf}.post_attention_layernorm.weight`, [d]]]);
  builder.add(`${slot}.gateUp`, [
    [`${hf}.mlp.gate_proj.weight`, [intermediateSize, d]],
    [`${hf}.mlp.up_proj.weight`, [intermediateSize, d]],
  ]);
  builder.add(`${slot}.down`, [[`${hf}.mlp.down_proj.weight`, [d, intermediateSize]]]);
}

export function numElementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** A view (no copy) of a slot or of one tensor in the flat buffer [numElements]. */
export function slotView(flat: Float32Array, slot: LayoutTensor): Float32Array {
  return flat.subarray(slot.offset, slot.offset + numElementsOf(slot.shape));
}
