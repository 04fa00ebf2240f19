/**
 * The compute thread of a reference or reward pod: a frozen model in plain memory, scoring what it is given. Knows
 * nothing of gRPC.
 */
import { workerData } from 'node:worker_threads';
import { loadModelFolder } from '../models/folder.ts';
import type { HeadKind } from '../models/layout.ts';
import { serveCompute } from '../runtime/compute-thread.ts';
import { createCpuDevice } from '../runtime/cpu-device.ts';
import { ForwardModel, type ScoreKind } from './forward-model.ts';
import type { Sequence, SequenceLimits } from './sequence.ts';

export interface ScorerProgramData {
  readonly modelPath: string;
  readonly head: HeadKind;
  readonly kind: ScoreKind;
  readonly temperature: number;
  readonly threads: number;
}

export interface OpenedModel extends SequenceLimits {
  readonly parameterBytes: number;
}

/** What the main thread may ask. */
export interface ScorerApi {
  /** Loads the model; to be called first. Throws ModelError. */
  open(): OpenedModel;
  score(sequences: readonly Sequence[]): Float32Array[];
}

let model: ForwardModel | null = null;

serveCompute<ScorerApi>({
  open: () => {
    const { modelPath, head, ...options } = workerData as ScorerProgramData;
    const { config, layout, parameters } = loadModelFolder(modelPath, head);
    model = new ForwardModel({ ...options, device: createCpuDevice(), model: { config, layout }, parameters });
    const { vocabSize, maxPositions } = config;
    return { vocabSize, maxPositions, parameterBytes: parameters.byteLength };
  },
  score: (sequences) => {
    if (model === null) throw new Error('internal: score before open');
    return model.score(sequences);
  },
});
