/** What the tests of the generation server share: small random models, engines over them, requests. */

import { DecodeBuffers } from '../../../worker/generation/decode-buffers.ts';
import { DecoderSession } from '../../../worker/generation/decoder-session.ts';
import { Engine } from '../../../worker/generation/engine.ts';
import type { FinishedSequence, SamplingParams, SequenceRequest } from '../../../worker/generation/sequence.ts';
import type { ModelConfig } from '../../../worker/models/config.ts';
import { layoutParameters, type ParameterLayout, slotView } from '../../../worker/models/layout.ts';
import { Rng } from '../../../worker/ppo/rng.ts';
import { createCpuDevice } from '../../../worker/runtime/cpu-device.ts';

/** Heads of 24 elements, as in the arithmetic example: not every operator takes them. */
export const smallConfig: ModelConfig = {
  modelType: 'llama',
  vocabSize: 37,
  hiddenSize: 96,
  intermediateSize: 160,
  numLayers: 2,
  numHeads: 4,
  numKvHeads: 2,
  headDim: 24,
  rmsNormEps: 1e-5,
  ropeTheta: 10_000,
  maxPositions: 512,
  tieWordEmbeddings: false,
  attentionBias: false,
  bosTokenId: 1,
  eosTokenIds: [2],
  padTokenId: 0,
  scoreMean: 0,
  scoreStd: 1,
};

export const tiedConfig: ModelConfig = {
  ...smallConfig,
  modelType: 'qwen2',
  headDim: 16,
  attentionBias: true,
  tieWordEmbeddings: true,
};

export interface FlatModel {
  readonly config: ModelConfig;
  readonly layout: ParameterLayout;
  /** [layout.numElements] */
  readonly parameters: Float32Array;
}

/** Norms near 1, biases near 0, matrices uniform in about +-sqrt(3 / columns): activations of order one. */
export function flatModel(config: ModelConfig, seed = 1): FlatModel {
  const layout = layoutParameters(config, 'language-model');
  const parameters = new Float32Array(layout.numElements);
  const rng = new Rng(seed);
  for (const slot of layout.slots) {
    const isVector = slot.shape.length === 1;
    const range = isVector ? 0.3 : Math.sqrt(3 / slot.shape[1]!);
    const center = isVector && !slot.name.endsWith('Bias') ? 1 : 0;
    const view = slotView(parameters, slot);
    for (let i = 0; i < view.length; i++) view[i] = center + range * (2 * rng.uniform() - 1);
  }
  return { config, layout, parameters };
}

export interface EngineOptions {
  readonly maxRows: number;
  readonly cacheTokens: number;
  readonly threads?: number;
}

export interface EngineSetup {
  readonly engine: Engine;
  readonly buffers: DecodeBuffers;
  openSession(model: FlatModel): DecoderSession;
}

export function engineOf(model: FlatModel, { maxRows, cacheTokens, threads = 1 }: EngineOptions): EngineSetup {
  const device = createCpuDevice();
  const buffers = new DecodeBuffers({ config: model.config, maxRows, cacheTokens });
  const openSession = ({ config, layout, parameters }: FlatModel) =>
    new DecoderSession({ device, threads, model: { config, layout }, parameters, buffers });
  return { engine: new Engine(buffers, openSession(model), 0), buffers, openSession };
}

/** Steps until nothing is left; what finished, by id. */
export function finishAll(engine: Engine): Map<number, FinishedSequence> {
  const finished = new Map<number, FinishedSequence>();
  while (engine.hasWork) for (const sequence of engine.step().finished) finished.set(sequence.id, sequence);
  return finished;
}

export const free: SamplingParams = { maxTokens: 6, temperature: 1, topP: 1, topK: 0, stopTokenIds: [2] };

export function request(
  id: number,
  promptTokenIds: readonly number[],
  sampling: Partial<SamplingParams> = {},
): SequenceRequest {
  const merged = { ...free, ...sampling };
  return { id, promptTokenIds, seed: 1000 + id, sampling: merged, isStreaming: false, numTopLogprobs: 0 };
}

/** Prompts of 1 to `maxLength` tokens. */
export function randomPrompts(count: number, maxLength: number, vocabSize: number, seed = 7): number[][] {
  const rng = new Rng(seed);
  return Array.from({ length: count }, () =>
    Array.from({ length: 1 + rng.nextInt(maxLength) }, () => rng.nextInt(vocabSize)),
  );
}
