/**
 * Hugging Face model folders: config.json and safetensors into one flat buffer, and back. A tensor that is missing, of
 * another shape, or that this architecture doesn't have is refused: it would silently be another model.
 * Knows nothing of graphs or training.
 */
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Rng } from '../ppo/rng.ts';
import { type ModelConfig, parseModelConfig, toConfigJson } from './config.ts';
import { isJsonObject } from './config-reader.ts';
import { type HeadKind, type LayoutTensor, layoutParameters, type ParameterLayout, slotView } from './layout.ts';
import { ModelError, type ModelProblem } from './model-error.ts';
import { SafetensorsReader, type TensorInfo, writeSafetensors } from './safetensors.ts';
import { openWeightFiles, readJsonFile, WEIGHTS_FILE, type WeightFile } from './weight-files.ts';

export interface LoadedModel {
  readonly config: ModelConfig;
  readonly layout: ParameterLayout;
  /** [layout.numElements] */
  readonly parameters: Float32Array;
}

/** Copied beside the weights, where the source has them: they belong to the tokenizer or to generation. */
const COMPANION_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'merges.txt',
  'tokenizer.model',
  'chat_template.jinja',
  'generation_config.json',
];

const SCORE_TENSOR = 'score.weight';
/** Keeps the head's draws apart from others of the job's seed. */
const HEAD_STREAM = 0x68656164;

/** Tensors that a folder may hold without our using them: the other head, and buffers of old versions. */
const UNUSED_TENSORS = /^(lm_head\.weight|score\.weight|model\.layers\.\d+\.self_attn\.rotary_emb\.inv_freq)$/;

/** A folder's configuration alone; end-of-sequence ids of generation_config.json are added to config.json's. */
export function loadModelConfig(path: string): ModelConfig {
  const configPath = join(path, 'config.json');
  const config = parseModelConfig(readJsonFile(configPath, 'config'), configPath);
  const generationPath = join(path, 'generation_config.json');
  if (!existsSync(generationPath)) return config;
  const generation = readJsonFile(generationPath, 'config');
  const ids = isJsonObject(generation) ? [generation.eos_token_id ?? []].flat() : [];
  const isId = (id: unknown): id is number => Number.isInteger(id) && Number(id) >= 0 && Number(id) < config.vocabSize;
  return { ...config, eosTokenIds: [...new Set([...config.eosTokenIds, ...ids.filter(isId)])] };
}

export interface LoadOptions {
  /** [layout.numElements] */
  readonly into?: Float32Array;
  /** Makes a new head of kind 'score' instead of reading the folder's, which may have none. */
  readonly newHeadSeed?: number;
}

/**
 * Loads a folder's parameters. A language model has no "score.weight" and can't be loaded with head 'score' but with a new
 * one. Throws ModelError that lists every problem.
 */
export function loadModelFolder(path: string, head: HeadKind, options: LoadOptions = {}): LoadedModel {
  const { into, newHeadSeed } = options;
  const saved = loadModelConfig(path);
  // Mean and deviation are those of the head that was saved.
  const config = newHeadSeed === undefined ? saved : { ...saved, scoreMean: 0, scoreStd: 1 };
  const layout = layoutParameters(config, head);
  const files = openWeightFiles(path);
  const isRead = (tensor: LayoutTensor) => newHeadSeed === undefined || tensor.name !== SCORE_TENSOR;
  const tensors = tensorsOf(layout).filter(isRead);
  checkTensors(path, { tensors, head, files });
  const parameters = into ?? new Float32Array(layout.numElements);
  if (parameters.length !== layout.numElements) {
    throw new RangeError(`internal: a buffer of ${parameters.length} elements for ${layout.numElements}`);
  }
  parameters.fill(0); // elements between slots are part of the checksum
  for (const file of files) readTensors(file, tensors, parameters);
  if (newHeadSeed !== undefined) initializeHead(layout, parameters, newHeadSeed);
  return { config, layout, parameters };
}

/**
 * Normal with deviation 1 / (hidden size + 1), so that the first values are near 0 and every rank starts from the same.
 * Source: OpenRLHF v0.11.0, models/model.py, init_value_head.
 */
function initializeHead(layout: ParameterLayout, parameters: Float32Array, seed: number): void {
  const head = tensorsOf(layout).find(({ name }) => name === SCORE_TENSOR);
  if (head === undefined) throw new Error('internal: a new head of a model without a score');
  const weights = slotView(parameters, head);
  const rng = new Rng(seed, HEAD_STREAM);
  const deviation = 1 / (weights.length + 1);
  for (let i = 0; i < weights.length; i++) weights[i] = rng.normal() * deviation;
}

interface Wanted {
  readonly tensors: readonly LayoutTensor[];
  readonly head: HeadKind;
  readonly files: readonly WeightFile[];
}

function checkTensors(path: string, { tensors, head, files }: Wanted): void {
  const found = new Map<string, TensorInfo>(files.flatMap((file) => [...file.tensors]));
  const problems: ModelProblem[] = [];
  for (const tensor of tensors) {
    const info = found.get(tensor.name);
    found.delete(tensor.name);
    if (!info) problems.push(missing(tensor, head));
    else if (!sameShape(info.shape, tensor.shape)) {
      const remedy = 'config.json and weights must belong together.';
      problems.push({ path: tensor.name, found: show(info.shape), allowed: show(tensor.shape), remedy });
    }
  }
  for (const name of found.keys()) {
    if (UNUSED_TENSORS.test(name)) continue;
    const remedy = 'Use a model whose architecture is supported.';
    problems.push({ path: name, found: 'a tensor', allowed: 'no such tensor in this architecture', remedy });
  }
  if (problems.length > 0) throw new ModelError('weights', path, problems);
}

function missing(tensor: LayoutTensor, head: HeadKind): ModelProblem {
  const isScoreHead = tensor.name === SCORE_TENSOR;
  const remedy = isScoreHead
    ? 'A critic or reward model is needed here (…ForSequenceClassification, num_labels 1); this folder has another head. ' +
      'A critic can start with a new one: models.critic.initializeHead.'
    : `Save the model again with its ${head} head.`;
  return { path: tensor.name, found: 'nothing', allowed: `a tensor ${show(tensor.shape)}`, remedy };
}

function readTensors(file: WeightFile, tensors: readonly LayoutTensor[], parameters: Float32Array): void {
  const reader = new SafetensorsReader(file.path);
  try {
    for (const tensor of tensors) {
      const info = file.tensors.get(tensor.name);
      if (info) reader.read(info, slotView(parameters, tensor));
    }
  } finally {
    reader.close();
  }
}

export interface ModelToSave {
  readonly config: ModelConfig;
  readonly head: HeadKind;
  readonly layout: ParameterLayout;
  /** [layout.numElements] */
  readonly parameters: Float32Array;
  /** Folder to copy the tokenizer's and generation's files from; null: none. */
  readonly tokenizerFrom: string | null;
}

/**
 * Writes a folder that transformers loads: under a temporary name beside it, synced, then renamed, so that `path` never
 * holds half a model. What was there before is replaced whole.
 */
export function saveModelFolder(path: string, model: ModelToSave): void {
  const target = resolve(path);
  mkdirSync(dirname(target), { recursive: true });
  const temporary = `${target}.${randomUUID()}.tmp`;
  const previous = `${target}.${randomUUID()}.old`;
  mkdirSync(temporary);
  try {
    writeFolder(temporary, model);
    if (existsSync(target)) renameSync(target, previous);
    renameSync(temporary, target);
    syncPath(dirname(target));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
    rmSync(previous, { recursive: true, force: true });
  }
}

function writeFolder(folder: string, model: ModelToSave): void {
  const { config, head, layout, parameters, tokenizerFrom } = model;
  writeFileSync(join(folder, 'config.json'), `${JSON.stringify(toConfigJson(config, head), null, 2)}\n`);
  const tensors = tensorsOf(layout).map((t) => ({ name: t.name, shape: t.shape, data: slotView(parameters, t) }));
  writeSafetensors(join(folder, WEIGHTS_FILE), tensors);
  for (const name of tokenizerFrom === null ? [] : COMPANION_FILES) {
    const source = join(tokenizerFrom!, name);
    if (existsSync(source)) copyFileSync(source, join(folder, name));
  }
  for (const name of readdirSync(folder)) syncPath(join(folder, name));
  syncPath(folder);
}

function syncPath(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function tensorsOf(layout: ParameterLayout): LayoutTensor[] {
  return layout.slots.flatMap((slot) => [...slot.tensors]);
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

function show(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}
