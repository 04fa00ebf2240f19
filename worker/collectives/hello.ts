/**
 * The first 128 bytes on every connection to the transport port, of fixed size so that nothing is allocated for a
 * stranger. Layout (little-endian): magic u32, version u8, purpose u8, zero u16, key [32], rank u32, world size u32,
 * target u32, address [48], zeros. Knows no socket.
 */
import { ADDRESS_BYTES, type Address, decodeAddress, encodeAddress } from './address.ts';

export const HELLO_BYTES = 128;
export const MAX_WORLD_SIZE = 1024;
const MAGIC = 0x484f5050; // 'PPOH'
const VERSION = 1;
const KEY_AT = 8;
const KEY_BYTES = 32;
const RANKS_AT = KEY_AT + KEY_BYTES;
const ADDRESS_AT = RANKS_AT + 12;
const END = ADDRESS_AT + ADDRESS_BYTES;

/** `join`: to the bootstrap, to learn the others' addresses. `pull`: to a peer, to read its data. */
export const PURPOSES = ['join', 'pull'] as const;
export type Purpose = (typeof PURPOSES)[number];

export interface Hello {
  readonly purpose: Purpose;
  /** [32], see unique-id.ts. */
  readonly key: Buffer;
  /** The caller's. */
  readonly rank: number;
  readonly worldSize: number;
  /** The rank that is called; 0 for a join. */
  readonly targetRank: number;
  /** The caller's transport. */
  readonly address: Address;
}

export function encodeHello(hello: Hello): Buffer {
  const bytes = Buffer.alloc(HELLO_BYTES);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt8(VERSION, 4);
  bytes.writeUInt8(PURPOSES.indexOf(hello.purpose), 5);
  hello.key.copy(bytes, KEY_AT);
  bytes.writeUInt32LE(hello.rank, RANKS_AT);
  bytes.writeUInt32LE(hello.worldSize, RANKS_AT + 4);
  bytes.writeUInt32LE(hello.targetRank, RANKS_AT + 8);
  encodeAddress(hello.address, bytes.subarray(ADDRESS_AT, END));
  return bytes;
}

/** Null where the bytes are no hello. */
export function decodeHello(bytes: Buffer): Hello | null {
  if (bytes.readUInt32LE(0) !== MAGIC || bytes.readUInt8(4) !== VERSION) return null;
  const purpose = PURPOSES[bytes.readUInt8(5)];
  const address = decodeAddress(bytes.subarray(ADDRESS_AT, END));
  const rank = bytes.readUInt32LE(RANKS_AT);
  const worldSize = bytes.readUInt32LE(RANKS_AT + 4);
  const targetRank = bytes.readUInt32LE(RANKS_AT + 8);
  const areRanksSound = worldSize <= MAX_WORLD_SIZE && rank < worldSize && targetRank < worldSize;
  if (purpose === undefined || address === null || !areRanksSound) return null;
  if (bytes.readUInt16LE(6) !== 0 || bytes.subarray(END).some((byte) => byte !== 0)) return null;
  const key = Buffer.from(bytes.subarray(KEY_AT, RANKS_AT));
  return { purpose, key, rank, worldSize, targetRank, address };
}
