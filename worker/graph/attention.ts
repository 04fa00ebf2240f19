// Causal self-attention with grouped queries and rotary positions, as one unit with its own gradient. Keys and values
// are never repeated: the queries of a group are stacked along the time axis. Refuses to know projections and caches.
// Source: Vaswani et al. 2017, arXiv:1706.03762; Ainslie et al. 2023, arXiv:2305.13245 (grouped queries).
//
// Letters: B rows, T length, H query heads, KV key-value heads, G = H/KV queries of a group, hd head dimension.
import { recordOne } from './autodiff.ts';
import type { Graph, Value } from './graph.ts';
import { batchedMatmul } from './ops/linear.ts';
import { plainSoftmax, reduce } from './ops/reduce.ts';
import { plainConcat, plainReshape, plainSplit, plainTranspose } from './ops/shape.ts';
import { type RotaryTables, rotaryTables, rotate } from './rotary.ts';

export interface AttentionShape {
  readonly rows: number;
  readonly length: number;
  readonly numHeads: number;
  readonly numKvHeads: number;
  readonly headDim: number;
  readonly ropeTheta: number;
}

/** exp() of it is 0 in float32 however large the other scores are, and it is finite, so that nothing becomes NaN. */
const MASKED_SCORE = -1e9;

/** qkv [B*T, (H+2KV)*hd], a row holds all q heads, then k, then v: attended values [B*T, H*hd]. */
export function attention(graph: Graph, qkv: Value, shape: AttentionShape): Value {
  return graph.unit('attention', () => {
    const unit = new Attention(graph, shape);
    const saved = unit.forward(qkv);
    const vjp = (gradient: Value) => [unit.backward(saved, gradient)];
    return recordOne(graph, { name: 'attention', inputs: [qkv], output: saved.output, vjp });
  });
}

/** What the gradient needs of the forward pass. */
interface Saved {
  /** [B, KV, G*T, hd], turned. */
  readonly q: Value;
  /** [B, KV, T, hd], turned. */
  readonly k: Value;
  /** [B, KV, T, hd] */
  readonly v: Value;
  /** Softmax of the scores, [B, KV, G*T, T]. */
  readonly weights: Value;
  /** [B, KV, G*T, hd] */
  readonly attended: Value;
  /** [B*T, H*hd] */
  readonly output: Value;
}

class Attention {
  readonly #graph: Graph;
  readonly #shape: AttentionShape;
  readonly #rotary: RotaryTables;
  readonly #scale: number;
  readonly #headCounts: readonly number[];
  readonly #numAllHeads: number;
  /** [B, KV, G*T]: grouped queries. */
  readonly #grouped: readonly number[];

  constructor(graph: Graph, shape: AttentionShape) {
    const { rows, length, numHeads, numKvHeads, headDim, ropeTheta } = shape;
    this.#graph = graph;
    this.#shape = shape;
    this.#rotary = rotaryTables(graph, length, headDim, ropeTheta);
    this.#scale = 1 / Math.sqrt(headDim);
    this.#headCounts = [numHeads, numKvHeads, numKvHeads];
    this.#numAllHeads = numHeads + 2 * numKvHeads;
    this.#grouped = [rows, numKvHeads, (numHeads / numKvHeads) * length];
  }

  forward(qkv: Value): Saved {
    const graph = this.#graph;
    const { rows, length, numHeads, headDim } = this.#shape;
    const heads = this.#toHeads(qkv, this.#numAllHeads);
    const [queries, keys, v] = plainSplit(graph, heads, 1, this.#headCounts) as [Value, Value, Value];
    const q = plainReshape(graph, rotate(graph, queries, this.#rotary), [...this.#grouped, headDim]);
    const k = rotate(graph, keys, this.#rotary);
    const scores = batchedMatmul(graph, q, k, { transposeB: true, alpha: this.#scale });
    const scoreShape = [rows, numHeads, length, length];
    const byHead = plainReshape(graph, scores, scoreShape);
    const [masked] = graph.op('Add', [byHead, causalMask(graph, length)], [{ shape: scoreShape }]);
    const weights = plainReshape(graph, plainSoftmax(graph, masked!), [...this.#grouped, length]);
    const attended = batchedMatmul(graph, weights, v);
    const output = this.#fromHeads(plainReshape(graph, attended, [rows, numHeads, length, headDim]), numHeads);
    return { q, k, v, weights, attended, output };
  }

  /** d qkv [B*T, (H+2KV)*hd] from the gradient of the output [B*T, H*hd]. */
  backward({ q, k, v, weights, attended }: Saved, gradient: Value): Value {
    const graph = this.#graph;
    const { rows, length, numHeads, headDim } = this.#shape;
    const forAttended = plainReshape(graph, this.#toHeads(gradient, numHeads), [...this.#grouped, headDim]);
    const forScores = this.#softmaxGradient({ v, weights, attended }, forAttended);
    const scale = { alpha: this.#scale };
    const forQ = plainReshape(graph, batchedMatmul(graph, forScores, k, scale), [rows, numHeads, length, headDim]);
    const parts = [
      rotate(graph, forQ, this.#rotary, true),
      rotate(graph, batchedMatmul(graph, forScores, q, { transposeA: true, ...scale }), this.#rotary, true),
      batchedMatmul(graph, weights, forAttended, { transposeA: true }),
    ];
    const heads = plainConcat(graph, parts, 1, [rows, this.#numAllHeads, length, headDim]);
    return this.#fromHeads(heads, this.#numAllHeads);
  }

  /**
   * weights * (d weights - sum(weights * d weights)) [B, KV, G*T, T]; the sum equals the sum of attended * d attended,
   * which is hd numbers a row and not T (Dao et al. 2022, arXiv:2205.14135, section 3.1).
   */
  #softmaxGradient({ v, weights, attended }: Pick<Saved, 'v' | 'weights' | 'attended'>, forAttended: Value): Value {
    const graph = this.#graph;
    const shape = weights.shape;
    const forWeights = batchedMatmul(graph, forAttended, v, { transposeB: true });
    const [product] = graph.op('Mul', [attended, forAttended], [{ shape: attended.shape }]);
    const total = reduce(graph, 'ReduceSum', product!, [3], true);
    const [centered] = graph.op('Sub', [forWeights, total], [{ shape }]);
    return graph.op('Mul', [centered!, weights], [{ shape }])[0]!;
  }

  /** [B*T, n*hd] -> [B, n, T, hd] */
  #toHeads(x: Value, n: number): Value {
    const { rows, length, headDim } = this.#shape;
    return plainTranspose(this.#graph, plainReshape(this.#graph, x, [rows, length, n, headDim]), [0, 2, 1, 3]);
  }

  /** [B, n, T, hd] -> [B*T, n*hd] */
  #fromHeads(x: Value, n: number): Value {
    const { rows, length, headDim } = this.#shape;
    return plainReshape(this.#graph, plainTranspose(this.#graph, x, [0, 2, 1, 3]), [rows * length, n * headDim]);
  }
}

/** [1, 1, T, T]: 0 where the key isn't later than the query, MASKED_SCORE where it is. */
function causalMask(graph: Graph, length: number): Value {
  const mask = new Float32Array(length * length);
  for (let query = 0; query < length; query++) {
    mask.fill(MASKED_SCORE, query * length + query + 1, (query + 1) * length);
  }
  return graph.constant(mask, [1, 1, length, length]);
}
