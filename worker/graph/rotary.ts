// Rotary position embedding: pairs (i, i + hd/2) of a head's elements turn by an angle that grows with the position.
// Source: Su et al. 2021, arXiv:2104.09864; half-split as rotate_half in transformers' modeling_llama.py.
import type { Graph, Value } from './graph.ts';

export interface RotaryTables {
  /** [T, hd/2] */
  readonly cos: Value;
  /** [T, hd/2] */
  readonly sin: Value;
  /** [T, hd/2], for turning back: a rotation's gradient is the opposite rotation. */
  readonly negatedSin: Value;
}

/** Cosines and sines for positions 0..length-1: angle = position / theta^(2i / headDim). Each [length, headDim/2]. */
export function rotaryAngles(length: number, headDim: number, theta: number): { cos: Float32Array; sin: Float32Array } {
  const half = headDim / 2;
  const cos = new Float32Array(length * half);
  const sin = new Float32Array(length * half);
  for (let i = 0; i < half; i++) {
    // transformers rounds the frequency and the angle to float32; so do we, to give the same logits far out.
    const frequency = Math.fround(1 / theta ** ((2 * i) / headDim));
    for (let position = 0; position < length; position++) {
      const angle = Math.fround(position * frequency);
      cos[position * half + i] = Math.cos(angle);
      sin[position * half + i] = Math.sin(angle);
    }
  }
  return { cos, sin };
}

export function rotaryTables(graph: Graph, length: number, headDim: number, theta: number): RotaryTables {
  const { cos, sin } = rotaryAngles(length, headDim, theta);
  const shape = [length, headDim / 2];
  return {
    cos: graph.constant(cos, shape),
    sin: graph.constant(sin, shape),
    negatedSin: graph.constant(
      sin.map((x) => -x),
      shape,
    ),
  };
}

/** x [B, heads, T, hd] turned by its positions 0..T-1, or turned back. Without gradient: attention.ts has it. */
export function rotate(graph: Graph, x: Value, tables: RotaryTables, isBackward = false): Value {
  const sin = isBackward ? tables.negatedSin : tables.sin;
  const options = { attributes: { interleaved: 0 }, domain: 'com.microsoft' };
  // One position id means: count on from there.
  return graph.op('RotaryEmbedding', [x, graph.int64([0]), tables.cos, sin], [{ shape: x.shape }], options)[0]!;
}
