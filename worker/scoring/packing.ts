/**
 * Sequences of any length packed into the padded, static shapes that graphs are compiled for. Shapes are rounded up to a
 * few sizes, so that sessions are few; what is padding is never selected, so nothing of it reaches a result or a
 * gradient. Knows nothing of models and sessions.
 *
 * Letters: B rows, T length, M selected positions, P prompt tokens, R response tokens, L = P + R.
 */
import type { BatchShape } from '../models/trunk.ts';
import type { TensorView } from '../runtime/device.ts';
import { responseLength, type Sequence } from './sequence.ts';

/**
 * What is asked of each sequence. response: every response token, predicted at positions P-1 to L-2, R in all; last: one
 * number at the last token.
 */
export type Selection = 'response' | 'last';

export interface PackedBatch {
  readonly shape: BatchShape;
  /** tokenIds int64 [B*T]; selected, targets int64 [M]; inverse int64 [B*T]. Targets are 0 where there are none. */
  readonly inputs: Readonly<Record<'tokenIds' | 'selected' | 'inverse' | 'targets', TensorView>>;
}

const MIN_ROWS = 4;
const MIN_LENGTH_TOKENS = 4;
const MIN_POSITIONS = 64;
/** Sizes in each doubling: at most a quarter of a batch is padding. */
const SIZES_PER_OCTAVE = 4;

/** The next size at or above `count`: multiples of `minimum`, growing coarser with the count. */
export function bucketSize(count: number, minimum: number): number {
  const octave = 2 ** Math.floor(Math.log2(Math.max(1, count)));
  const step = Math.max(minimum, octave / SIZES_PER_OCTAVE);
  return Math.max(1, Math.ceil(count / step)) * step;
}

export function countPositions(sequence: Sequence, selection: Selection): number {
  return selection === 'last' ? 1 : responseLength(sequence);
}

/** The static shape for a batch; `maxPositions` is the model's. */
export function shapeFor(sequences: readonly Sequence[], selection: Selection, maxPositions: number): BatchShape {
  let longest = 0;
  let positions = 0;
  for (const sequence of sequences) {
    longest = Math.max(longest, sequence.tokenIds.length);
    positions += countPositions(sequence, selection);
  }
  return {
    rows: bucketSize(sequences.length, MIN_ROWS),
    length: Math.min(maxPositions, bucketSize(longest, MIN_LENGTH_TOKENS)),
    positions: bucketSize(positions, MIN_POSITIONS),
  };
}

/**
 * Packs sequences in their order, each right-padded in a row of its own; selected positions follow each other in the
 * same order. Unused selections point at position 0 and are left out of `inverse`.
 */
export function packSequences(sequences: readonly Sequence[], selection: Selection, shape: BatchShape): PackedBatch {
  const numTokens = shape.rows * shape.length;
  const tokenIds = new Int64Tensor(numTokens);
  const inverse = new Int64Tensor(numTokens, shape.positions);
  const selected = new Int64Tensor(shape.positions);
  const targets = new Int64Tensor(shape.positions);
  let place = 0;
  sequences.forEach((sequence, row) => {
    const start = row * shape.length;
    const length = sequence.tokenIds.length;
    for (let t = 0; t < length; t++) tokenIds.set(start + t, sequence.tokenIds[t]!);
    const first = selection === 'last' ? length - 1 : sequence.promptLength - 1;
    const end = selection === 'last' ? length : length - 1;
    for (let t = first; t < end; t++) {
      selected.set(place, start + t);
      inverse.set(start + t, place);
      if (selection === 'response') targets.set(place, sequence.tokenIds[t + 1]!);
      place++;
    }
  });
  return {
    shape,
    inputs: { tokenIds: tokenIds.view, selected: selected.view, inverse: inverse.view, targets: targets.view },
  };
}

/** Numbers of each sequence packed into [M] in the order of packSequences; the rest is 0. */
export function packColumn(rows: readonly ArrayLike<number>[], positions: number): TensorView & { data: Float32Array } {
  const data = new Float32Array(positions);
  let place = 0;
  for (const row of rows) {
    data.set(row, place);
    place += row.length;
  }
  return { data, shape: [positions] };
}

/** int64 filled through its low words, because a BigInt per element is slow. Numbers are in [0, 2^31). */
class Int64Tensor {
  readonly view: TensorView;
  readonly #words: Int32Array;

  constructor(length: number, fill = 0) {
    const data = new BigInt64Array(length);
    if (fill !== 0) data.fill(BigInt(fill));
    this.view = { data, shape: [length] };
    this.#words = new Int32Array(data.buffer);
  }

  set(index: number, value: number): void {
    this.#words[2 * index] = value; // little-endian: the low word comes first
  }
}
