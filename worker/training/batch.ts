/**
 * A microbatch of experiences as the inputs of a training graph. Padding has lossMask 0, so that it adds exactly nothing.
 * Knows nothing of losses or sessions.
 *
 * Letters: B rows, T length, M positions, R response tokens.
 */
import type { BatchShape } from '../models/trunk.ts';
import type { TensorView } from '../runtime/device.ts';
import { packColumn, packSequences, shapeFor } from '../scoring/packing.ts';
import { responseLength } from '../scoring/sequence.ts';
import type { Experience } from './experience.ts';
import type { Objective } from './objectives/objective.ts';

export interface TrainBatch {
  readonly shape: BatchShape;
  readonly inputs: Readonly<Record<string, TensorView>>;
}

export interface TrainBatchOptions {
  readonly objective: Pick<Objective, 'columns' | 'head'>;
  /** Response tokens of the optimizer step over all microbatches and ranks. */
  readonly numTokens: number;
  /** The model's. */
  readonly maxPositions: number;
}

/** Null where there is nothing to learn from: no response token in the whole microbatch. */
export function buildTrainBatch(experiences: readonly Experience[], options: TrainBatchOptions): TrainBatch | null {
  const { objective, numTokens, maxPositions } = options;
  const lengths = experiences.map(responseLength);
  const count = lengths.reduce((sum, length) => sum + length, 0);
  if (count === 0) return null;
  const shape = shapeFor(experiences, 'response', maxPositions);
  const { targets, ...trunkInputs } = packSequences(experiences, 'response', shape).inputs;
  const lossMask = new Float32Array(shape.positions).fill(1, 0, count);
  const columns = objective.columns.map((name) => {
    const rows = experiences.map((experience) => experience.columns[name]!);
    return [name, packColumn(rows, shape.positions)] as const;
  });
  return {
    shape,
    inputs: {
      ...trunkInputs,
      // Values are predicted without saying of which token.
      ...(objective.head === 'language-model' ? { targets } : {}),
      ...Object.fromEntries(columns),
      lossMask: { data: lossMask, shape: [shape.positions] },
      tokenWeight: { data: Float32Array.of(1 / numTokens), shape: [] },
    },
  };
}
