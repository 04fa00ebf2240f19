// Token lists as the tensors that a graph's trunk takes. Refuses to know what is computed from them.
//
// Letters: B rows, T length, M = B * P positions, P per row.
import type { TensorView } from '../../worker/runtime/device.ts';
import { PAD_ID } from './task.ts';

/** A prompt with its response, both token ids. */
export interface Sequence {
  readonly prompt: readonly number[];
  readonly response: readonly number[];
}

export interface TrunkInputs {
  /** int64 [B*T], right-padded. */
  readonly tokenIds: TensorView;
  /** int64 [M] */
  readonly selected: TensorView;
  /** int64 [B*T] */
  readonly inverse: TensorView;
}

export interface PackOptions {
  /** T; longer rows are cut. */
  readonly length: number;
  /** P */
  readonly positionsPerRow: number;
}

/** Selects the P positions of each row that start at `firsts[row]`; they must lie before T. */
export function packRows(
  rows: readonly (readonly number[])[],
  firsts: readonly number[],
  { length, positionsPerRow }: PackOptions,
): TrunkInputs {
  const numPositions = rows.length * positionsPerRow;
  const tokenIds = new BigInt64Array(rows.length * length).fill(BigInt(PAD_ID));
  const selected = new BigInt64Array(numPositions);
  const inverse = new BigInt64Array(rows.length * length).fill(BigInt(numPositions));
  rows.forEach((row, b) => {
    const numTokens = Math.min(row.length, length);
    for (let t = 0; t < numTokens; t++) tokenIds[b * length + t] = BigInt(row[t]!);
    for (let p = 0; p < positionsPerRow; p++) {
      const position = b * length + firsts[b]! + p;
      selected[b * positionsPerRow + p] = BigInt(position);
      inverse[position] = BigInt(b * positionsPerRow + p);
    }
  });
  return { tokenIds: vector(tokenIds), selected: vector(selected), inverse: vector(inverse) };
}

/** The tokens that P positions from the prompt's last token on have to predict, int64 [M], and their weights [M]. */
export interface ResponseTargets {
  readonly targets: TensorView;
  /** 1 / (response tokens of the batch) where there is a token, 0 elsewhere: a weighted sum is the mean. */
  readonly targetWeights: TensorView;
}

export function responseTargets(sequences: readonly Sequence[], positionsPerRow: number): ResponseTargets {
  const numTokens = sequences.reduce((sum, { response }) => sum + response.length, 0);
  const targets = new BigInt64Array(sequences.length * positionsPerRow).fill(BigInt(PAD_ID));
  const weights = new Float32Array(targets.length);
  sequences.forEach(({ response }, b) => {
    response.forEach((id, t) => {
      targets[b * positionsPerRow + t] = BigInt(id);
      weights[b * positionsPerRow + t] = 1 / numTokens;
    });
  });
  return { targets: vector(targets), targetWeights: vector(weights) };
}

function vector(data: BigInt64Array | Float32Array): TensorView {
  return { data, shape: [data.length] };
}
