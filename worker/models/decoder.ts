// The Llama family as a decoder over a cache: the next tokens of many sequences in one run, each attending to its own
// row of keys and values. Knows the architecture and the parameters' slots; refuses to know sampling, scheduling and
// gradients (trunk.ts is the same architecture to train on).
// Source: transformers' modeling_llama.py; ONNX Runtime's GroupQueryAttention (com.microsoft).
//
// Letters: B rows, S tokens of each row in one run, N sampled positions: all three are symbolic, so that one session
// serves every batch size and whole chunks of prompts. M cache tokens of a row, V vocabulary, d hidden size, H heads,
// KV key-value heads, hd head dimension.
import assert from 'node:assert/strict';
import { Graph, type OutputSpec, type Value } from '../graph/graph.ts';
import { rotaryAngles } from '../graph/rotary.ts';
import type { DType } from '../runtime/device.ts';
import type { ModelConfig } from './config.ts';
import type { ModelDescription } from './trunk.ts';

const ROWS = 'rows';
const TOKENS = 'tokens';
/** B*S: ONNX has no products of symbolic dimensions. */
const POSITIONS = 'rows*tokens';
const SAMPLES = 'samples';

/** GroupQueryAttention's rule. */
export const HEAD_DIM_MULTIPLE = 8;

/**
 * Initializers "parameter.<slot>" (the session brings them). Inputs: tokenIds int64 [B*S]; positions int64 [B, S] of the
 * tokens in their rows' sequences; lastPositions int32 [B] of each row's last token; cacheTokens int32 [], always M;
 * selected int64 [N], the places in [B*S] that have a next token to sample; inverseTemperatures [N, 1]; per layer i
 * pastKeys.i and pastValues.i [B, KV, M, hd]. Outputs: presentKeys.i and presentValues.i, to be bound to the same memory
 * as the past ones; logprobs and probabilities [N, V] at the given temperatures.
 * S > 1 needs B = 1 and M > S (GroupQueryAttention takes it for a first prompt otherwise).
 */
export function buildDecoderGraph(model: ModelDescription, cacheTokens: number): Uint8Array {
  const { maxPositions, headDim } = model.config;
  assert(headDim % HEAD_DIM_MULTIPLE === 0, `internal: heads of ${headDim} elements`);
  assert(
    cacheTokens >= 2 && cacheTokens <= maxPositions,
    `internal: ${cacheTokens} cache tokens of 2..${maxPositions}`,
  );
  return new DecoderBuilder(model, cacheTokens).build();
}

class DecoderBuilder {
  readonly #graph = new Graph();
  readonly #config: ModelConfig;
  readonly #cacheTokens: number;
  readonly #parameters: ReadonlyMap<string, Value>;

  constructor({ config, layout }: ModelDescription, cacheTokens: number) {
    this.#config = config;
    this.#cacheTokens = cacheTokens;
    this.#parameters = new Map(
      layout.slots.map((slot) => [slot.name, this.#graph.initializer(`parameter.${slot.name}`, slot.shape)] as const),
    );
  }

  build(): Uint8Array {
    const graph = this.#graph;
    const { hiddenSize, numLayers } = this.#config;
    const tokenIds = graph.input('tokenIds', [POSITIONS], 'int64');
    const attend = this.#attention();
    let residual = this.#one('Gather', [this.#parameter('embedding'), tokenIds], [POSITIONS, hiddenSize]);
    let update: Value | null = null;
    for (let layer = 0; layer < numLayers; layer++) {
      const name = (slot: string) => `layers.${layer}.${slot}`;
      const before = this.#addAndNorm(residual, update, name('attentionNorm'));
      const attended = attend(this.#linear(before.normed, name('qkv'), name('qkvBias')), layer);
      const middle = this.#addAndNorm(before.sum, this.#linear(attended, name('o')), name('mlpNorm'));
      residual = middle.sum;
      update = this.#linear(this.#swiGlu(this.#linear(middle.normed, name('gateUp'))), name('down'));
    }
    const selected = graph.input('selected', [SAMPLES], 'int64');
    const pick = (x: Value) => this.#one('Gather', [x, selected], [SAMPLES, hiddenSize]);
    this.#head(this.#addAndNorm(pick(residual), update === null ? null : pick(update), 'finalNorm').normed);
    return graph.encode();
  }

  /** x + update (if any), and its RMSNorm; both [.., d]. */
  #addAndNorm(x: Value, update: Value | null, slot: string): { readonly sum: Value; readonly normed: Value } {
    const spec = { shape: x.shape };
    const weight = this.#parameter(slot);
    const epsilon = { float: this.#config.rmsNormEps };
    if (update === null) {
      const attributes = { axis: -1, epsilon, stash_type: 1 };
      const [normed] = this.#graph.op('SimplifiedLayerNormalization', [x, weight], [spec], { attributes });
      return { sum: x, normed: normed! };
    }
    const options = { attributes: { epsilon }, domain: 'com.microsoft' };
    const column = { shape: [x.shape[0]!, 1] };
    const outputs = [spec, column, column, spec]; // normed, mean (unused), inverse deviation, sum
    const [normed, , , sum] = this.#graph.op('SkipSimplifiedLayerNormalization', [x, update, weight], outputs, options);
    return { sum: sum!, normed: normed! };
  }

  /** Adds the cache's inputs and outputs; returns qkv [B*S, (H+2KV)*hd] of a layer -> [B*S, H*hd]. */
  #attention(): (qkv: Value, layer: number) => Value {
    const graph = this.#graph;
    const { numHeads, numKvHeads, headDim } = this.#config;
    const positions = graph.input('positions', [ROWS, TOKENS], 'int64');
    const lastPositions = graph.input('lastPositions', [ROWS], 'int32');
    const cacheLength = graph.input('cacheTokens', [], 'int32');
    const rotate = this.#rotary(positions);
    const batchShape = this.#one('Shape', [positions], [2], 'int64');
    const cache: OutputSpec = { shape: [ROWS, numKvHeads, this.#cacheTokens, headDim] };
    const queryWidth = numHeads * headDim;
    const keyWidth = numKvHeads * headDim;
    const spec = (width: number): OutputSpec => ({ shape: [ROWS, TOKENS, width] });
    const split = (x: Value, widths: readonly number[]) =>
      graph.op('Split', [x, graph.int64(widths)], widths.map(spec), { attributes: { axis: 2 } });
    const attributes = { num_heads: numHeads, kv_num_heads: numKvHeads };
    const width = queryWidth + 2 * keyWidth;
    const [packedShape] = graph.op('Concat', [batchShape, graph.int64([width])], [{ shape: [3], dtype: 'int64' }], {
      attributes: { axis: 0 },
    });
    return (qkv, layer) => {
      const packed = this.#one('Reshape', [qkv, packedShape!], spec(width).shape);
      const [unrotated, values] = split(packed, [queryWidth + keyWidth, keyWidth]);
      const [queries, keys] = split(rotate(unrotated!), [queryWidth, keyWidth]);
      const past = ['pastKeys', 'pastValues'].map((name) => graph.input(`${name}.${layer}`, cache.shape));
      const [attended, presentKeys, presentValues] = graph.op(
        'GroupQueryAttention',
        [queries!, keys!, values!, ...past, lastPositions, cacheLength],
        [spec(queryWidth), cache, cache],
        { attributes, domain: 'com.microsoft' },
      );
      graph.output(presentKeys!, `presentKeys.${layer}`);
      graph.output(presentValues!, `presentValues.${layer}`);
      return this.#one('Reshape', [attended!, graph.int64([-1, queryWidth])], [POSITIONS, queryWidth]);
    };
  }

  /**
   * Returns queries and keys [B, S, (H+KV)*hd] -> the same, turned by their positions. An operator of its own, because
   * GroupQueryAttention turns only heads whose size is a multiple of 16.
   */
  #rotary(positions: Value): (heads: Value) => Value {
    const graph = this.#graph;
    const { numHeads, numKvHeads, headDim, ropeTheta } = this.#config;
    const angles = rotaryAngles(this.#cacheTokens, headDim, ropeTheta);
    const tables = [angles.cos, angles.sin].map((table) => graph.constant(table, [this.#cacheTokens, headDim / 2]));
    const options = { attributes: { interleaved: 0, num_heads: numHeads + numKvHeads }, domain: 'com.microsoft' };
    return (heads) => graph.op('RotaryEmbedding', [heads, positions, ...tables], [{ shape: heads.shape }], options)[0]!;
  }

  /** gateUp [B*S, 2F] -> [B*S, F] */
  #swiGlu(gateUp: Value): Value {
    const width = this.#config.intermediateSize;
    const half: OutputSpec = { shape: [POSITIONS, width] };
    const sizes = this.#graph.int64([width, width]);
    const [gate, up] = this.#graph.op('Split', [gateUp, sizes], [half, half], { attributes: { axis: 1 } });
    // x * sigmoid(alpha * x)
    const options = { attributes: { alpha: { float: 1 } }, domain: 'com.microsoft' };
    const [activated] = this.#graph.op('QuickGelu', [gate!], [half], options);
    return this.#one('Mul', [activated!, up!], half.shape);
  }

  #head(hidden: Value): void {
    const graph = this.#graph;
    const slot = this.#parameters.has('head') ? 'head' : 'embedding';
    const logits = this.#linear(hidden, slot);
    const inverse = graph.input('inverseTemperatures', [SAMPLES, 1]);
    const spec: OutputSpec = { shape: logits.shape };
    const attributes = { axis: 1 };
    const tempered = this.#one('Mul', [logits, inverse], logits.shape);
    const [logprobs] = graph.op('LogSoftmax', [tempered], [spec], { attributes });
    const [probabilities] = graph.op('Softmax', [tempered], [spec], { attributes });
    graph.output(logprobs!, 'logprobs');
    graph.output(probabilities!, 'probabilities');
  }

  /** x [B*S, in] times the transpose of the slot's weight [out, in], plus its bias where the model has one. */
  #linear(x: Value, slot: string, biasSlot?: string): Value {
    const weight = this.#parameter(slot);
    const bias = biasSlot === undefined ? undefined : this.#parameters.get(biasSlot);
    const inputs = bias === undefined ? [x, weight] : [x, weight, bias];
    const spec: OutputSpec = { shape: [x.shape[0]!, weight.shape[0]!] };
    return this.#graph.op('Gemm', inputs, [spec], { attributes: { transB: 1 } })[0]!;
  }

  #one(type: string, inputs: readonly Value[], shape: Value['shape'], dtype: DType = 'float32'): Value {
    return this.#graph.op(type, inputs, [{ shape, dtype }])[0]!;
  }

  #parameter(slot: string): Value {
    const value = this.#parameters.get(slot);
    assert(value !== undefined, `internal: no parameter "${slot}"`);
    return value;
  }
}
