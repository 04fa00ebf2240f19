/**
 * safetensors files: the header of an untrusted file checked before anything is believed, tensors read straight into the
 * caller's memory, float32 tensors written. Knows nothing of models.
 * Source of the format: github.com/huggingface/safetensors, README "Format". Little-endian machines only, as all that
 * Node runs on here are.
 */
import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { isJsonObject } from './config-reader.ts';
import { describe, ModelError, type ModelProblem } from './model-error.ts';

/** Bytes per element of every type that a header may name; only the floats are ever read. */
const BYTES_BY_DTYPE: Readonly<Record<string, number>> = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
};
/** The reference implementation's limit. */
const MAX_HEADER_BYTES = 100_000_000;
const LENGTH_BYTES = 8;
/** Tensors start at a multiple of this in files that we write. */
const ALIGNMENT_BYTES = 8;
/** Of one read or write call; half-precision tensors need so much scratch memory. */
const CHUNK_BYTES = 16 * 2 ** 20;

export interface TensorInfo {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** In bytes from the start of the file. */
  readonly start: number;
  readonly byteLength: number;
}

/** Reads a file's header and checks every tensor in it. Throws ModelError ('weights') that lists every problem. */
export function readSafetensorsHeader(path: string): Map<string, TensorInfo> {
  const refuse = (found: string, allowed: string): never => {
    throw weightsError(path, [problem('header', found, allowed)]);
  };
  const file = openSync(path, 'r');
  try {
    const fileBytes = fstatSync(file).size;
    if (fileBytes < LENGTH_BYTES) refuse(`a file of ${fileBytes} bytes`, 'at least 8 bytes');
    const length = new DataView(readExactly(file, 0, LENGTH_BYTES).buffer).getBigUint64(0, true);
    const limit = Math.min(MAX_HEADER_BYTES, fileBytes - LENGTH_BYTES);
    if (length > limit) refuse(`a header of ${length} bytes`, `at most ${limit} in a file of ${fileBytes} bytes`);
    const header = parseHeader(readExactly(file, LENGTH_BYTES, Number(length)));
    if (!isJsonObject(header)) return refuse('no JSON object', 'a JSON object of tensors');
    return checkTensors(path, header, { start: LENGTH_BYTES + Number(length), end: fileBytes });
  } finally {
    closeSync(file);
  }
}

function parseHeader(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined; // the caller says what was expected
  }
}

function checkTensors(
  path: string,
  header: Readonly<Record<string, unknown>>,
  data: { start: number; end: number },
): Map<string, TensorInfo> {
  const problems: ModelProblem[] = [];
  const tensors: TensorInfo[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const info = readEntry(name, entry, data.start);
    if (info) tensors.push(info);
    else problems.push(problem(name, describe(entry), 'a known dtype, a shape and data_offsets of just that size'));
  }
  // As the reference implementation: tensors fill the file without gap or overlap.
  let end = data.start;
  for (const tensor of [...tensors].sort((a, b) => a.start - b.start || a.byteLength - b.byteLength)) {
    if (tensor.start !== end)
      problems.push(problem(tensor.name, `data at byte ${tensor.start}`, `data at byte ${end}`));
    end = tensor.start + tensor.byteLength;
  }
  if (problems.length === 0 && end !== data.end) {
    problems.push(problem('data', `${data.end - data.start} bytes of data`, `${end - data.start} bytes of tensors`));
  }
  if (problems.length > 0) throw weightsError(path, problems);
  return new Map(tensors.map((tensor) => [tensor.name, tensor]));
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const isCounts = (value: unknown): value is number[] => Array.isArray(value) && value.every(isCount);

function readEntry(name: string, entry: unknown, dataStart: number): TensorInfo | null {
  if (!isJsonObject(entry)) return null;
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !Object.hasOwn(BYTES_BY_DTYPE, dtype)) return null;
  if (!isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) return null;
  const [begin, end] = offsets as [number, number];
  const byteLength = shape.reduce((product, size) => product * size, BYTES_BY_DTYPE[dtype]!);
  if (!Number.isSafeInteger(byteLength) || end - begin !== byteLength) return null;
  return { name, dtype, shape, start: dataStart + begin, byteLength };
}

/** One open file, for reading several tensors of it. The caller closes it. */
export class SafetensorsReader {
  readonly path: string;
  readonly #file: number;

  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, 'r');
  }

  /** Fills `target`, of as many elements as the tensor has, converting F16 and BF16. */
  read(tensor: TensorInfo, target: Float32Array): void {
    const bytes = BYTES_BY_DTYPE[tensor.dtype]!;
    if (target.length * bytes !== tensor.byteLength) throw new RangeError(`internal: ${tensor.name} has another size`);
    if (tensor.dtype === 'F32') {
      readFully(this.#file, new Uint8Array(target.buffer, target.byteOffset, target.byteLength), tensor.start);
      return;
    }
    const convert = CONVERTERS[tensor.dtype];
    if (!convert) throw weightsError(this.path, [problem(tensor.name, `dtype ${tensor.dtype}`, 'F32, F16 or BF16')]);
    const bits = new Uint32Array(target.buffer, target.byteOffset, target.length);
    const scratch = new Uint16Array(Math.min(CHUNK_BYTES / 2, target.length));
    for (let done = 0; done < target.length; done += scratch.length) {
      const chunk = scratch.subarray(0, Math.min(scratch.length, target.length - done));
      readFully(this.#file, new Uint8Array(chunk.buffer, 0, chunk.byteLength), tensor.start + done * 2);
      convert(chunk, bits.subarray(done, done + chunk.length));
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Half-precision bits to float32 bits. */
const CONVERTERS: Readonly<Record<string, (from: Uint16Array, to: Uint32Array) => void>> = {
  BF16: (from, to) => {
    for (let i = 0; i < from.length; i++) to[i] = from[i]! << 16;
  },
  F16: (from, to) => {
    halfTable ??= buildHalfTable();
    for (let i = 0; i < from.length; i++) to[i] = halfTable[from[i]!]!;
  },
};

/** [65536] float32 bits of each float16; built at first use. */
let halfTable: Uint32Array | null = null;

function buildHalfTable(): Uint32Array {
  const table = new Uint32Array(2 ** 16);
  const values = new Float32Array(table.buffer);
  for (let half = 0; half < table.length; half++) {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0x1f) table[half] = ((half & 0x8000) << 16) | 0x7f800000 | (fraction << 13);
    else if (exponent === 0) values[half] = sign * fraction * 2 ** -24;
    else values[half] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  return table;
}

export interface TensorToWrite {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Writes float32 tensors in the given order and syncs the file to disk. Same tensors, same bytes. */
export function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> = { format: 'pt' },
): void {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const { name, shape, data } of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
  const start = Buffer.alloc(LENGTH_BYTES + headerBytes, ' ');
  start.writeBigUInt64LE(BigInt(headerBytes));
  json.copy(start, LENGTH_BYTES);
  const file = openSync(path, 'w');
  try {
    writeFully(file, start);
    for (const { data } of tensors) writeFully(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function writeFully(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(file, bytes, done, Math.min(CHUNK_BYTES, bytes.length - done));
  }
}

function readExactly(file: number, position: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  readFully(file, bytes, position);
  return bytes;
}

function readFully(file: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    const count = readSync(file, bytes, done, Math.min(CHUNK_BYTES, bytes.length - done), position + done);
    if (count === 0) throw new Error(`the file ended ${bytes.length - done} bytes early: it changed while it was read`);
    done += count;
  }
}

function problem(path: string, found: string, allowed: string): ModelProblem {
  return { path, found, allowed, remedy: 'Copy the file again, or save the model again.' };
}

function weightsError(path: string, problems: readonly ModelProblem[]): ModelError {
  return new ModelError('weights', path, problems);
}
