/**
 * Messages between two ranks: a 40-byte header, and after a `data` header its payload. Layout (little-endian): magic u32,
 * version u8, kind u8, code u8, zero u8, communicator [8], sequence u32, operation u32, step u32, signature u32,
 * length u48, zero u16. Checks form alone; whether a frame is expected is its receiver's business.
 */
import { CommunicatorError, type FailureCode } from './communicator.ts';

export const FRAME_BYTES = 40;
export const COMMUNICATOR_ID_BYTES = 8;
const MAGIC = 0x464f5050; // 'PPOF'
const VERSION = 1;
const MAX_UINT32 = 0xffff_ffff;

/**
 * `welcome`: the connection is accepted. `request`: the reader is ready for `length` bytes of a transfer. `data`: the
 * next `length` bytes of a transfer follow. `bye`: the sender leaves in good order. `abort`: it gave up, for `code`.
 */
const KINDS = ['welcome', 'request', 'data', 'bye', 'abort'] as const;
export type FrameKind = (typeof KINDS)[number];

const CODES: readonly FailureCode[] = [
  'REMOTE_ERROR',
  'TIMEOUT',
  'INVALID_ARGUMENT',
  'INVALID_USAGE',
  'SYSTEM_ERROR',
  'INTERNAL_ERROR',
];

/** Names one transfer between two ranks: which operation, which step of it, and a digest of what the rank called. */
export interface TransferId {
  readonly operation: number;
  readonly step: number;
  readonly signature: number;
}

export interface Frame extends TransferId {
  readonly kind: FrameKind;
  readonly code: FailureCode;
  readonly length: number;
}

const NO_TRANSFER: TransferId = { operation: 0, step: 0, signature: 0 };

export function controlFrame(kind: 'welcome' | 'bye' | 'abort', code: FailureCode = 'REMOTE_ERROR'): Frame {
  return { ...NO_TRANSFER, kind, code: CODES.find((known) => known === code) ?? 'REMOTE_ERROR', length: 0 };
}

export function transferFrame(kind: 'request' | 'data', id: TransferId, length: number): Frame {
  const { operation, step, signature } = id;
  return { kind, code: 'REMOTE_ERROR', operation, step, signature, length };
}

/** Numbers the frames of one direction of one connection. */
export class FrameEncoder {
  readonly #communicator: Buffer;
  #sequence = 0;

  /** `communicator` [8]. */
  constructor(communicator: Buffer) {
    this.#communicator = communicator;
  }

  encode(frame: Frame): Buffer {
    const bytes = Buffer.alloc(FRAME_BYTES);
    bytes.writeUInt32LE(MAGIC, 0);
    bytes.writeUInt8(VERSION, 4);
    bytes.writeUInt8(KINDS.indexOf(frame.kind), 5);
    bytes.writeUInt8(CODES.indexOf(frame.code), 6);
    this.#communicator.copy(bytes, 8);
    bytes.writeUInt32LE(this.#sequence, 16);
    bytes.writeUInt32LE(frame.operation, 20);
    bytes.writeUInt32LE(frame.step, 24);
    bytes.writeUInt32LE(frame.signature, 28);
    bytes.writeUIntLE(frame.length, 32, 6);
    this.#sequence = next(this.#sequence);
    return bytes;
  }
}

export interface FrameReceiver {
  /** May throw CommunicatorError where the frame was not to be expected. */
  onFrame(frame: Frame): void;
  /** A piece of the last `data` frame's payload; valid during the call alone. */
  onPayload(piece: Uint8Array): void;
}

/** Cuts a stream of bytes into frames and payloads. */
export class FrameDecoder {
  readonly #communicator: Buffer;
  readonly #receiver: FrameReceiver;
  readonly #header = Buffer.alloc(FRAME_BYTES);
  #headerFill = 0;
  #payloadLeft = 0;
  #sequence = 0;

  constructor(communicator: Buffer, receiver: FrameReceiver) {
    this.#communicator = communicator;
    this.#receiver = receiver;
  }

  /** Throws REMOTE_ERROR where the bytes are no frame, and what the receiver throws. Not to be called after. */
  feed(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.byteLength)
      at += this.#payloadLeft > 0 ? this.#feedPayload(bytes, at) : this.#feedHeader(bytes, at);
  }

  #feedPayload(bytes: Uint8Array, at: number): number {
    const length = Math.min(this.#payloadLeft, bytes.byteLength - at);
    this.#payloadLeft -= length;
    this.#receiver.onPayload(bytes.subarray(at, at + length));
    return length;
  }

  #feedHeader(bytes: Uint8Array, at: number): number {
    const length = Math.min(FRAME_BYTES - this.#headerFill, bytes.byteLength - at);
    this.#header.set(bytes.subarray(at, at + length), this.#headerFill);
    this.#headerFill += length;
    if (this.#headerFill < FRAME_BYTES) return length;
    this.#headerFill = 0;
    const frame = this.#decode();
    this.#receiver.onFrame(frame);
    if (frame.kind === 'data') this.#payloadLeft = frame.length;
    return length;
  }

  #decode(): Frame {
    const bytes = this.#header;
    if (bytes.readUInt32LE(0) !== MAGIC || bytes.readUInt8(4) !== VERSION) throw violation('sent what is no frame');
    if (bytes.compare(this.#communicator, 0, COMMUNICATOR_ID_BYTES, 8, 8 + COMMUNICATOR_ID_BYTES) !== 0) {
      throw violation('sent a frame of another communicator');
    }
    const sequence = bytes.readUInt32LE(16);
    if (sequence !== this.#sequence) throw violation(`sent frame ${sequence} where ${this.#sequence} was due`);
    this.#sequence = next(this.#sequence);
    const kind = KINDS[bytes.readUInt8(5)];
    const code = CODES[bytes.readUInt8(6)];
    if (kind === undefined || code === undefined) throw violation('sent a frame of an unknown kind');
    return {
      kind,
      code,
      operation: bytes.readUInt32LE(20),
      step: bytes.readUInt32LE(24),
      signature: bytes.readUInt32LE(28),
      length: bytes.readUIntLE(32, 6),
    };
  }
}

/** A peer broke the protocol. `what` continues "rank 3 (10.0.0.3:7002) ...". */
export function violation(what: string): CommunicatorError {
  return new CommunicatorError('REMOTE_ERROR', what);
}

function next(sequence: number): number {
  return sequence === MAX_UINT32 ? 0 : sequence + 1;
}
