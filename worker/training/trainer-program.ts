/**
 * The compute thread of an actor or critic rank: the model in shared memory, trained, scored, saved and loaded there.
 * Every method is synchronous; order and admission are the main thread's. Knows nothing of gRPC and other ranks.
 */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import { type LoadedModel, loadModelConfig, loadModelFolder, saveModelFolder } from '../models/folder.ts';
import { layoutParameters } from '../models/layout.ts';
import type { ModelDescription } from '../models/trunk.ts';
import { serveCompute } from '../runtime/compute-thread.ts';
import { createCpuDevice } from '../runtime/cpu-device.ts';
import { SharedBuffer } from '../runtime/shared-buffer.ts';
import type { Sequence } from '../scoring/sequence.ts';
import { checksumOf, readRankState, writeRankState } from './checkpoint-files.ts';
import type { Experience } from './experience.ts';
import { createPolicyObjective, type PolicyOptions } from './objectives/policy.ts';
import { createValueObjective, type ValueOptions } from './objectives/value.ts';
import { type FinishOptions, RankTrainer, reductionElements, type StepFigures } from './rank-trainer.ts';

export interface TrainerProgramData {
  /** e.g. actor-0; names the rank's checkpoint files. */
  readonly name: string;
  readonly modelPath: string;
  /** null: the folder's own head. */
  readonly newHeadSeed: number | null;
  readonly objective:
    | { readonly kind: 'policy'; readonly options: PolicyOptions }
    | { readonly kind: 'value'; readonly options: ValueOptions };
  readonly threads: number;
  readonly sharedDir: string;
  /** Files in sharedDir, which the sidecar reads and writes. */
  readonly parametersName: string;
  readonly reductionName: string;
}

export interface TrainerInfo {
  readonly vocabSize: number;
  readonly maxPositions: number;
  /** Float32 elements in the shared buffer of parameters. */
  readonly numElements: number;
  /** Float32 elements of the buffer to be summed over ranks. */
  readonly numReductionElements: number;
  /** CRC-32 of the parameters. */
  readonly checksum: number;
}

export interface LoadedState {
  readonly version: number;
  readonly checksum: number;
  readonly bytes: number;
}

/** What the main thread may ask. */
export interface TrainerApi {
  /** Loads the initial model; to be called first. Throws ModelError. */
  open(): TrainerInfo;
  clearExperiences(): void;
  append(firstIndex: number, experiences: readonly Experience[]): void;
  beginStep(): void;
  accumulate(experienceIndices: readonly number[], numTokens: number): void;
  finishStep(options: FinishOptions): StepFigures;
  checksum(): number;
  score(sequences: readonly Sequence[]): Float32Array[];
  /** Returns the bytes written. */
  save(directory: string, version: number): number;
  /** An empty directory is the initial model with fresh moments. Throws CheckpointError. */
  load(directory: string): LoadedState;
  /** Returns the bytes written. */
  export(directory: string): number;
}

const data = workerData as TrainerProgramData;

interface Opened {
  readonly trainer: RankTrainer;
  readonly model: ModelDescription;
  readonly parameters: Float32Array;
}
let opened: Opened | null = null;
/** Their mappings live as long as the thread. */
const sharedBuffers: SharedBuffer[] = [];

function current(): Opened {
  if (opened === null) throw new Error('internal: a trainer is used before it is opened');
  return opened;
}

/** A file that a former container of this pod left is replaced: whoever maps it keeps the old one. */
function createShared(name: string, numElements: number): Float32Array {
  rmSync(join(data.sharedDir, name), { force: true });
  const shared = SharedBuffer.create(data.sharedDir, name, numElements * Float32Array.BYTES_PER_ELEMENT);
  sharedBuffers.push(shared);
  return new Float32Array(shared.buffer);
}

function open(): TrainerInfo {
  const { kind, options } = data.objective;
  const objective = kind === 'policy' ? createPolicyObjective(options) : createValueObjective(options);
  const layout = layoutParameters(loadModelConfig(data.modelPath), objective.head);
  const parameters = createShared(data.parametersName, layout.numElements);
  const reduction = createShared(data.reductionName, reductionElements(layout.numElements));
  const { config } = loadInitial(parameters);
  const model = { config, layout };
  const { threads } = data;
  const trainer = new RankTrainer({ device: createCpuDevice(), threads, model, objective, parameters, reduction });
  opened = { trainer, model, parameters };
  return {
    vocabSize: config.vocabSize,
    maxPositions: config.maxPositions,
    numElements: layout.numElements,
    numReductionElements: reduction.length,
    checksum: checksumOf(parameters),
  };
}

function loadInitial(parameters: Float32Array): LoadedModel {
  const { modelPath, objective, newHeadSeed } = data;
  const head = objective.kind === 'policy' ? 'language-model' : 'score';
  return loadModelFolder(modelPath, head, { into: parameters, ...(newHeadSeed === null ? {} : { newHeadSeed }) });
}

function save(directory: string, version: number): number {
  const { trainer, parameters } = current();
  return writeRankState({ directory, name: data.name }, { version, parameters, ...trainer.trainable.moments() });
}

function load(directory: string): LoadedState {
  const { trainer, parameters } = current();
  const { first, second } = trainer.trainable.moments();
  if (directory === '') {
    loadInitial(parameters);
    first.fill(0);
    second.fill(0);
    trainer.trainable.restore({ first, second, stepCount: 0 });
    return { version: 0, checksum: checksumOf(parameters), bytes: parameters.byteLength };
  }
  const { version, stepCount, bytes } = readRankState({ directory, name: data.name }, { parameters, first, second });
  trainer.trainable.restore({ first, second, stepCount });
  return { version, checksum: checksumOf(parameters), bytes };
}

function exportModel(directory: string): number {
  const { model, parameters } = current();
  const head = data.objective.kind === 'policy' ? 'language-model' : 'score';
  saveModelFolder(directory, { ...model, head, parameters, tokenizerFrom: data.modelPath });
  return readdirSync(directory).reduce((bytes, name) => bytes + statSync(join(directory, name)).size, 0);
}

serveCompute<TrainerApi>({
  open,
  clearExperiences: () => current().trainer.clearExperiences(),
  append: (firstIndex, experiences) => current().trainer.append(firstIndex, experiences),
  beginStep: () => current().trainer.beginStep(),
  accumulate: (indices, numTokens) => current().trainer.accumulate(indices, numTokens),
  finishStep: (options) => current().trainer.finishStep(options),
  checksum: () => checksumOf(current().parameters),
  score: (sequences) => current().trainer.score(sequences),
  save,
  load,
  export: exportModel,
});
