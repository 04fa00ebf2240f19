/**
 * One rank's part of a checkpoint: parameters and moments as safetensors, and beside them a small JSON file, written
 * last, that says which version they are and what their checksums must be. A file appears under its name only when it is
 * whole and on disk. Knows nothing of what the coordinator adds to a checkpoint.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { readSafetensorsHeader, SafetensorsReader, writeSafetensors } from '../models/safetensors.ts';
import { removeLeftovers } from './checkpoint-leftovers.ts';

/**
 * NOT_FOUND: a file is missing; DATA_LOSS: one is damaged; FAILED_PRECONDITION: it is of another model. Named as gRPC
 * statuses, which the trainer's service turns them into.
 */
export type CheckpointErrorCode = 'NOT_FOUND' | 'DATA_LOSS' | 'FAILED_PRECONDITION';

export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
  readonly code: CheckpointErrorCode;

  constructor(code: CheckpointErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Where a rank's files lie: `<directory>/<name>.safetensors` and `.json`. */
export interface CheckpointPlace {
  readonly directory: string;
  /** e.g. actor-0 */
  readonly name: string;
}

/** What training needs to go on bit by bit; buffers are [numElements] each. */
export interface RankState {
  readonly version: number;
  readonly stepCount: number;
  readonly parameters: Float32Array;
  readonly first: Float32Array;
  readonly second: Float32Array;
}

const TENSORS = ['parameters', 'first', 'second'] as const;
type TensorName = (typeof TENSORS)[number];

const checksum = z.int().min(0).max(0xffffffff);
const manifestSchema = z.strictObject({
  format: z.literal(1),
  version: z.int().min(0),
  stepCount: z.int().min(0),
  numElements: z.int().min(1),
  checksums: z.strictObject({ parameters: checksum, first: checksum, second: checksum }),
});
type Manifest = z.infer<typeof manifestSchema>;

/** CRC-32 of a flat buffer's bytes. */
export function checksumOf(flat: Float32Array): number {
  return crc32(new Uint8Array(flat.buffer, flat.byteOffset, flat.byteLength));
}

/** Returns the bytes written. */
export function writeRankState(place: CheckpointPlace, state: RankState): number {
  mkdirSync(place.directory, { recursive: true });
  removeLeftovers(place);
  const weights = pathOf(place, 'safetensors');
  const numElements = state.parameters.length;
  const tensors = TENSORS.map((name) => ({ name, shape: [numElements], data: state[name] }));
  writeSafetensors(`${weights}.tmp`, tensors, { format: 'ppo-operator' });
  renameSync(`${weights}.tmp`, weights);
  const checksums = Object.fromEntries(TENSORS.map((name) => [name, checksumOf(state[name])]));
  const { version, stepCount } = state;
  const manifest = { format: 1, version, stepCount, numElements, checksums };
  const manifestPath = pathOf(place, 'json');
  writeFileSync(`${manifestPath}.tmp`, `${JSON.stringify(manifest, null, 2)}\n`, { flush: true });
  renameSync(`${manifestPath}.tmp`, manifestPath);
  syncFolder(place.directory);
  return statSync(weights).size + statSync(manifestPath).size;
}

/**
 * Fills the buffers of `into` with what was saved; when it throws they hold neither the old nor the new. Returns the
 * version, the step count and the bytes read. Throws CheckpointError.
 */
export function readRankState(
  place: CheckpointPlace,
  into: Pick<RankState, TensorName>,
): Pick<RankState, 'version' | 'stepCount'> & { readonly bytes: number } {
  const manifest = readManifest(place);
  const path = pathOf(place, 'safetensors');
  const numElements = into.parameters.length;
  if (manifest.numElements !== numElements) {
    const found = `found a model of ${manifest.numElements} elements, expected ${numElements}`;
    throw new CheckpointError('FAILED_PRECONDITION', `${path}: ${found}: it is a checkpoint of another model`);
  }
  if (!existsSync(path)) throw new CheckpointError('NOT_FOUND', `${path} is missing`);
  try {
    readTensors(path, into);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CheckpointError('DATA_LOSS', `${path} can't be read: ${reason}`, { cause: error });
  }
  const damaged = TENSORS.filter((name) => checksumOf(into[name]) !== manifest.checksums[name]);
  if (damaged.length > 0) {
    throw new CheckpointError('DATA_LOSS', `${path}: ${damaged.join(', ')} differ from what was saved`);
  }
  const { version, stepCount } = manifest;
  return { version, stepCount, bytes: statSync(path).size };
}

function readTensors(path: string, into: Pick<RankState, TensorName>): void {
  const header = readSafetensorsHeader(path);
  const reader = new SafetensorsReader(path);
  try {
    for (const name of TENSORS) {
      const tensor = header.get(name);
      if (tensor?.dtype !== 'F32') throw new Error(`no tensor "${name}" of type F32`);
      reader.read(tensor, into[name]);
    }
  } finally {
    reader.close();
  }
}

function readManifest(place: CheckpointPlace): Manifest {
  const path = pathOf(place, 'json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new CheckpointError('NOT_FOUND', `${path} is missing or can't be read`, { cause: error });
  }
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new CheckpointError('DATA_LOSS', `${path} is no manifest of a rank's checkpoint`, { cause: error });
  }
}

function pathOf({ directory, name }: CheckpointPlace, extension: string): string {
  return join(directory, `${name}.${extension}`);
}

/** Makes renames within the folder durable. */
function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
