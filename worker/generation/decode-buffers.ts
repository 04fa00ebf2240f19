/**
 * The memory of a decoder: keys and values of every row, and the inputs and outputs of one decode step. It outlives the
 * sessions that compute on it: weights change, what sequences have cached stays. Knows nothing of sequences.
 *
 * Letters: B rows, M cache tokens of a row, V vocabulary, KV key-value heads, hd head dimension.
 */
import type { ModelConfig } from '../models/config.ts';
import type { TensorView } from '../runtime/device.ts';

export interface DecodeBuffersOptions {
  readonly config: ModelConfig;
  /** B: sequences decoded at once. */
  readonly maxRows: number;
  /** M */
  readonly cacheTokens: number;
}

/** Keys and values of every layer: what the cache of these buffers takes. */
export function kvCacheBytes({ config, maxRows, cacheTokens }: DecodeBuffersOptions): number {
  const { numLayers, numKvHeads, headDim } = config;
  return 2 * numLayers * maxRows * numKvHeads * cacheTokens * headDim * Float32Array.BYTES_PER_ELEMENT;
}

export class DecodeBuffers {
  readonly maxRows: number;
  readonly cacheTokens: number;
  readonly vocabSize: number;
  /** [B] */
  readonly tokenIds: BigInt64Array;
  /** [B, 1] */
  readonly positions: BigInt64Array;
  /** [B] */
  readonly lastPositions: Int32Array;
  /** [B], 0 .. B - 1: every row has a next token. */
  readonly selected: BigInt64Array;
  /** [B, 1] */
  readonly inverseTemperatures: Float32Array;
  /** [B, V], natural log at each row's temperature. */
  readonly logprobs: Float32Array;
  /** [B, V] at each row's temperature. */
  readonly probabilities: Float32Array;
  readonly #rowShape: readonly number[];
  /** Per layer keys, then values: [B, KV, M, hd]. */
  readonly #cache: readonly { readonly name: string; readonly data: Float32Array }[];

  constructor({ config, maxRows, cacheTokens }: DecodeBuffersOptions) {
    this.maxRows = maxRows;
    this.cacheTokens = cacheTokens;
    this.vocabSize = config.vocabSize;
    this.tokenIds = new BigInt64Array(maxRows);
    this.positions = new BigInt64Array(maxRows);
    this.lastPositions = new Int32Array(maxRows);
    this.selected = BigInt64Array.from({ length: maxRows }, (_, row) => BigInt(row));
    this.inverseTemperatures = new Float32Array(maxRows).fill(1);
    this.logprobs = new Float32Array(maxRows * config.vocabSize);
    this.probabilities = new Float32Array(maxRows * config.vocabSize);
    this.#rowShape = [config.numKvHeads, cacheTokens, config.headDim];
    const numElements = maxRows * this.#rowElements;
    const layers = Array.from({ length: config.numLayers }, (_, layer) => layer);
    this.#cache = layers.flatMap((layer) =>
      ['Keys', 'Values'].map((kind) => ({ name: `${kind}.${layer}`, data: new Float32Array(numElements) })),
    );
  }

  /** What a row feeds into the next decode step. */
  setRow(row: number, tokenId: number, position: number, inverseTemperature: number): void {
    this.tokenIds[row] = BigInt(tokenId);
    this.positions[row] = BigInt(position);
    this.lastPositions[row] = position;
    this.inverseTemperatures[row] = inverseTemperature;
  }

  /** Copies a row's cache to another row. */
  moveRow(from: number, to: number): void {
    const length = this.#rowElements;
    for (const { data } of this.#cache) data.copyWithin(to * length, from * length, (from + 1) * length);
  }

  /** The cache of `count` rows from `first` as a decoder graph's inputs and outputs: the same memory twice. */
  cacheViews(
    first: number,
    count: number,
  ): {
    readonly inputs: Record<string, TensorView>;
    readonly outputs: Record<string, TensorView>;
  } {
    const length = this.#rowElements;
    const shape = [count, ...this.#rowShape];
    const inputs: Record<string, TensorView> = {};
    const outputs: Record<string, TensorView> = {};
    for (const { name, data } of this.#cache) {
      const view = { data: data.subarray(first * length, (first + count) * length), shape };
      inputs[`past${name}`] = view;
      outputs[`present${name}`] = view;
    }
    return { inputs, outputs };
  }

  get #rowElements(): number {
    return this.#rowShape.reduce((product, size) => product * size, 1);
  }
}
