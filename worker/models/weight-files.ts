/**
 * Which file of a model folder holds which tensor: one model.safetensors, or shards named by an index.
 * Knows nothing of layouts or configurations.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isJsonObject } from './config-reader.ts';
import { describe, ModelError, type ModelProblem } from './model-error.ts';
import { readSafetensorsHeader, type TensorInfo } from './safetensors.ts';

export const WEIGHTS_FILE = 'model.safetensors';
const INDEX_FILE = 'model.safetensors.index.json';
const SAFETENSORS_REMEDY = 'Save the model with save_pretrained(safe_serialization=True).';

export interface WeightFile {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
}

/** Every weight file of a folder, headers checked. Throws ModelError ('weights'). */
export function openWeightFiles(folder: string): WeightFile[] {
  if (existsSync(join(folder, WEIGHTS_FILE))) return [openFile(folder, WEIGHTS_FILE)];
  if (existsSync(join(folder, INDEX_FILE))) return openShards(folder);
  const found = existsSync(join(folder, 'pytorch_model.bin')) ? 'pytorch_model.bin alone' : 'neither';
  throw refuse(folder, { path: '.', found, allowed: `${WEIGHTS_FILE} or ${INDEX_FILE}`, remedy: SAFETENSORS_REMEDY });
}

function openFile(folder: string, name: string): WeightFile {
  const path = join(folder, name);
  return { path, tensors: readSafetensorsHeader(path) };
}

function openShards(folder: string): WeightFile[] {
  const indexPath = join(folder, INDEX_FILE);
  const index = readJsonFile(indexPath, 'weights');
  const map = isJsonObject(index) ? index.weight_map : undefined;
  if (!isJsonObject(map)) {
    const allowed = 'an object of tensor: file';
    throw refuse(indexPath, { path: 'weight_map', found: describe(map), allowed, remedy: SAFETENSORS_REMEDY });
  }
  const names = new Set(Object.values(map));
  const shards = new Map<unknown, WeightFile>();
  for (const name of names) {
    if (typeof name !== 'string' || !isShardName(name) || !existsSync(join(folder, name))) {
      const remedy = 'Copy the missing shards.';
      throw refuse(indexPath, {
        path: 'weight_map',
        found: describe(name),
        allowed: 'a file of the same folder',
        remedy,
      });
    }
    shards.set(name, openFile(folder, name));
  }
  for (const [tensor, name] of Object.entries(map)) {
    if (shards.get(name)!.tensors.has(tensor)) continue;
    const remedy = 'Copy index and shards together.';
    const found = `not in ${String(name)}`;
    throw refuse(indexPath, { path: tensor, found, allowed: 'a tensor of that file', remedy });
  }
  return [...shards.values()];
}

/** An index from elsewhere must not make us read outside the folder. */
function isShardName(name: string): boolean {
  return name === basename(name) && name.endsWith('.safetensors');
}

/** Parses a JSON file of a model folder; throws ModelError with the given code where it is missing or malformed. */
export function readJsonFile(path: string, code: 'config' | 'weights' | 'tokenizer'): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const found = cause instanceof SyntaxError ? `malformed JSON (${cause.message})` : 'no readable file';
    const remedy = 'Give the path of a Hugging Face model folder.';
    throw new ModelError(code, path, [{ path: '.', found, allowed: 'a JSON file', remedy }], { cause });
  }
}

function refuse(where: string, problem: ModelProblem): ModelError {
  return new ModelError('weights', where, [problem]);
}
