/**
 * The log in which Weights & Biases keeps a run: LevelDB's framing with its own head and CRC-32. Knows no record.
 * Source: wandb/sdk/internal/datastore.py (wandb 0.19); https://github.com/google/leveldb/blob/main/doc/log_format.md
 */
import { crc32 } from 'node:zlib';

const BLOCK_BYTES = 32_768;
const HEADER_BYTES = 7;
/** Which part of a record a fragment is. */
const FULL = 1;
const FIRST = 2;
const MIDDLE = 3;
const LAST = 4;

/** Identity ":W&B", magic 0xBEE1, version 0. */
export const LOG_HEAD: Uint8Array = Uint8Array.of(0x3a, 0x57, 0x26, 0x42, 0xe1, 0xbe, 0);

/** A record as it stands in the file from `offset` on: fragments that end with their blocks. */
export function frameLogRecord(record: Uint8Array, offset: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let at = offset;
  let done = 0;
  for (let isFirst = true; isFirst || done < record.length; isFirst = false) {
    let room = BLOCK_BYTES - (at % BLOCK_BYTES);
    if (room < HEADER_BYTES) {
      parts.push(new Uint8Array(room));
      at += room;
      room = BLOCK_BYTES;
    }
    // Where a header just fits, a first fragment is empty.
    const data = record.subarray(done, done + room - HEADER_BYTES);
    done += data.length;
    parts.push(frameFragment(typeOf(isFirst, done === record.length), data));
    at += HEADER_BYTES + data.length;
  }
  return Buffer.concat(parts);
}

function typeOf(isFirst: boolean, isLast: boolean): number {
  if (isFirst) return isLast ? FULL : FIRST;
  return isLast ? LAST : MIDDLE;
}

function frameFragment(type: number, data: Uint8Array): Uint8Array {
  const framed = Buffer.alloc(HEADER_BYTES + data.length);
  framed.writeUInt32LE(checksum(type, data), 0);
  framed.writeUInt16LE(data.length, 4);
  framed[6] = type;
  framed.set(data, HEADER_BYTES);
  return framed;
}

function checksum(type: number, data: Uint8Array): number {
  return crc32(data, crc32(Uint8Array.of(type)));
}

export interface LogRecord {
  readonly data: Uint8Array;
  /** Where the file goes on behind it. */
  readonly end: number;
}

/** The records of a log up to the first that isn't whole: what follows was cut off by a crash. */
export function* readLog(file: Uint8Array): Generator<LogRecord> {
  if (!LOG_HEAD.every((byte, i) => file[i] === byte)) return;
  let parts: Uint8Array[] = [];
  for (let at = LOG_HEAD.length; ; ) {
    const room = BLOCK_BYTES - (at % BLOCK_BYTES);
    if (room < HEADER_BYTES) at += room;
    const fragment = readFragment(file, at);
    if (fragment === null) return;
    const isBeginning = fragment.type === FULL || fragment.type === FIRST;
    if (isBeginning !== (parts.length === 0)) return;
    parts.push(fragment.data);
    at += HEADER_BYTES + fragment.data.length;
    if (fragment.type !== FULL && fragment.type !== LAST) continue;
    yield { data: Buffer.concat(parts), end: at };
    parts = [];
  }
}

function readFragment(file: Uint8Array, at: number): { readonly type: number; readonly data: Uint8Array } | null {
  if (at + HEADER_BYTES > file.length) return null;
  const view = new DataView(file.buffer, file.byteOffset + at, HEADER_BYTES);
  const length = view.getUint16(4, true);
  const type = view.getUint8(6);
  const data = file.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length);
  const isWhole = data.length === length && type >= FULL && type <= LAST;
  return isWhole && view.getUint32(0, true) === checksum(type, data) ? { type, data } : null;
}
