/**
 * A decoder over one version of the weights: decode steps of a batch, and chunks of a prompt into one row's cache. Knows
 * nothing of sequences, sampling or versions.
 *
 * The session is built anew for every version, with prepacking, instead of binding the weights as inputs. Measured on two
 * AVX2 cores, one thread: a step of 256 rows of the arithmetic example's model (d 96, 3 layers) takes 1.6 ms prepacked and
 * 2.2 ms otherwise, the build 9 ms; a 56M model's steps of 1, 8, 64 and 256 rows 4.9, 9.6, 37 and 126 ms against 7.5, 16,
 * 41 and 135, the build 170 ms. And only prepacked, every batch size gives a row the same bits, with any number of
 * threads (without, one row alone takes another kernel): that is what lets batches shrink and rows move.
 */
import { buildDecoderGraph } from '../models/decoder.ts';
import { slotView } from '../models/layout.ts';
import type { ModelDescription } from '../models/trunk.ts';
import type { BoundRun, Device, Session, TensorView } from '../runtime/device.ts';
import type { DecodeBuffers } from './decode-buffers.ts';

/** Prompt tokens in one run. What remains of a prompt rides along in decode steps, a token each. */
export const PREFILL_CHUNK_TOKENS = 32;

/** A row's own inputs for a chunk of its prompt. */
interface ChunkRun {
  readonly run: BoundRun;
  /** [S] */
  readonly tokenIds: BigInt64Array;
  /** [1, S] */
  readonly positions: BigInt64Array;
  /** [1] */
  readonly lastPosition: Int32Array;
}

export interface DecoderSessionOptions {
  readonly device: Device;
  readonly threads: number;
  readonly model: ModelDescription;
  /** [layout.numElements]; must not change while the session lives. */
  readonly parameters: Float32Array;
  readonly buffers: DecodeBuffers;
}

export class DecoderSession {
  readonly #session: Session;
  readonly #buffers: DecodeBuffers;
  readonly #sizes: readonly number[];
  readonly #decodeRuns = new Map<number, BoundRun>();
  readonly #chunkRuns = new Map<number, ChunkRun>();
  readonly #cacheTokens: TensorView;
  readonly #unread: { readonly logprobs: TensorView; readonly probabilities: TensorView };

  constructor({ device, threads, model, parameters, buffers }: DecoderSessionOptions) {
    const initializers = model.layout.slots.map(
      (slot) => [`parameter.${slot.name}`, { data: slotView(parameters, slot), shape: slot.shape }] as const,
    );
    this.#session = device.createSession(buildDecoderGraph(model, buffers.cacheTokens), {
      threads,
      prepacking: true,
      initializers: Object.fromEntries(initializers),
    });
    this.#buffers = buffers;
    this.#sizes = batchSizes(buffers.maxRows);
    this.#cacheTokens = { data: Int32Array.of(buffers.cacheTokens), shape: [] };
    const row = () => ({ data: new Float32Array(buffers.vocabSize), shape: [1, buffers.vocabSize] });
    this.#unread = { logprobs: row(), probabilities: row() };
  }

  /** Rows that a step of `numRows` computes: at least as many, from a small set of sizes. */
  batchSize(numRows: number): number {
    return this.#sizes.find((size) => size >= numRows)!;
  }

  /** One step of the first batchSize(numRows) rows, as the buffers say. */
  decode(numRows: number): void {
    const size = this.batchSize(numRows);
    let run = this.#decodeRuns.get(size);
    if (run === undefined) {
      run = this.#bindDecode(size);
      this.#decodeRuns.set(size, run);
    }
    run.run();
  }

  /** Puts PREFILL_CHUNK_TOKENS tokens of a prompt, from `start` on, into a row's cache. */
  prefill(row: number, promptTokenIds: readonly number[], start: number): void {
    let chunk = this.#chunkRuns.get(row);
    if (chunk === undefined) {
      chunk = this.#bindChunk(row);
      this.#chunkRuns.set(row, chunk);
    }
    for (let i = 0; i < PREFILL_CHUNK_TOKENS; i++) {
      chunk.tokenIds[i] = BigInt(promptTokenIds[start + i]!);
      chunk.positions[i] = BigInt(start + i);
    }
    chunk.lastPosition[0] = start + PREFILL_CHUNK_TOKENS - 1;
    chunk.run.run();
  }

  dispose(): void {
    this.#session.dispose();
  }

  #bindDecode(size: number): BoundRun {
    const buffers = this.#buffers;
    const { inputs, outputs } = buffers.cacheViews(0, size);
    const matrix = (data: Float32Array) => ({
      data: data.subarray(0, size * buffers.vocabSize),
      shape: [size, buffers.vocabSize],
    });
    return this.#session.bind(
      {
        ...inputs,
        tokenIds: { data: buffers.tokenIds.subarray(0, size), shape: [size] },
        positions: { data: buffers.positions.subarray(0, size), shape: [size, 1] },
        lastPositions: { data: buffers.lastPositions.subarray(0, size), shape: [size] },
        selected: { data: buffers.selected.subarray(0, size), shape: [size] },
        inverseTemperatures: { data: buffers.inverseTemperatures.subarray(0, size), shape: [size, 1] },
        cacheTokens: this.#cacheTokens,
      },
      { ...outputs, logprobs: matrix(buffers.logprobs), probabilities: matrix(buffers.probabilities) },
    );
  }

  #bindChunk(row: number): ChunkRun {
    const { inputs, outputs } = this.#buffers.cacheViews(row, 1);
    const tokenIds = new BigInt64Array(PREFILL_CHUNK_TOKENS);
    const positions = new BigInt64Array(PREFILL_CHUNK_TOKENS);
    const lastPosition = new Int32Array(1);
    const run = this.#session.bind(
      {
        ...inputs,
        tokenIds: { data: tokenIds, shape: [PREFILL_CHUNK_TOKENS] },
        positions: { data: positions, shape: [1, PREFILL_CHUNK_TOKENS] },
        lastPositions: { data: lastPosition, shape: [1] },
        // The head wants a position; nothing is sampled in the middle of a prompt.
        selected: { data: BigInt64Array.of(0n), shape: [1] },
        inverseTemperatures: { data: Float32Array.of(1), shape: [1, 1] },
        cacheTokens: this.#cacheTokens,
      },
      { ...outputs, ...this.#unread },
    );
    return { run, tokenIds, positions, lastPosition };
  }
}

/** 1, 2, 3, 4, 6, 8, 12, 16, .. and maxRows itself: at most half as many rows again as are needed. */
export function batchSizes(maxRows: number): number[] {
  const sizes: number[] = [];
  for (let power = 1; power < maxRows; power *= 2) {
    sizes.push(power);
    if (power > 1 && power * 1.5 < maxRows) sizes.push(power * 1.5);
  }
  return [...sizes, maxRows];
}
