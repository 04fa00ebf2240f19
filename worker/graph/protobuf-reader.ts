/**
 * Reads protobuf's wire format, field by field. Refuses to know any schema: what a field means, its reader says.
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

const textDecoder = new TextDecoder('utf-8', { fatal: true });

/** One field of a message as it stands on the wire. */
export interface WireField {
  readonly field: number;
  /** Of a varint. */
  readonly int: bigint | null;
  /** Of a 64-bit or 32-bit field, little-endian, or of a length-delimited one. */
  readonly bytes: Uint8Array | null;
}

/** The fields of a message in their order. Throws an Error for bytes that are no message. */
export function* readFields(message: Uint8Array): Generator<WireField> {
  const reader = new Reader(message);
  while (!reader.isAtEnd) {
    const key = Number(reader.varint());
    const field = Math.floor(key / 8);
    if (key % 8 === VARINT) yield { field, int: reader.varint(), bytes: null };
    else yield { field, int: null, bytes: reader.take(lengthOf(key % 8, reader)) };
  }
}

function lengthOf(wireType: number, reader: Reader): number {
  if (wireType === FIXED_64) return 8;
  if (wireType === FIXED_32) return 4;
  if (wireType === LENGTH_DELIMITED) return Number(reader.varint());
  throw new Error(`no message: wire type ${wireType}`);
}

/** The last field of that number, as decoders take it; null where there is none. */
export function findField(message: Uint8Array, field: number): WireField | null {
  let found: WireField | null = null;
  for (const one of readFields(message)) if (one.field === field) found = one;
  return found;
}

/** A message's or a text's bytes; null where there are none. */
export function findBytes(message: Uint8Array, field: number): Uint8Array | null {
  return findField(message, field)?.bytes ?? null;
}

/** Empty where the field is absent, as decoders have it. */
export function findText(message: Uint8Array, field: number): string {
  return textDecoder.decode(findBytes(message, field) ?? new Uint8Array());
}

/** 0 where the field is absent, as decoders have it. */
export function findInt(message: Uint8Array, field: number): number {
  return Number(BigInt.asIntN(64, findField(message, field)?.int ?? 0n));
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined || shift > 63n) throw new Error('no message: a varint has no end');
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  }

  take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new Error('no message: a field has no end');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}
