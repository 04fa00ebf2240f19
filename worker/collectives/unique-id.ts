/**
 * The 128 bytes that name a communicator before it exists: where its ranks meet, and a secret that only they hold.
 * Layout (little-endian): magic [8], version u16, address [48], nonce [32], zeros. Knows no connection.
 */
import { createHash, randomBytes } from 'node:crypto';
import { ADDRESS_BYTES, type Address, decodeAddress, encodeAddress } from './address.ts';
import { CommunicatorError } from './communicator.ts';

/** NCCL_UNIQUE_ID_BYTES. */
export const UNIQUE_ID_BYTES = 128;
const MAGIC = Buffer.from('PPOCOMM\0', 'latin1');
const VERSION = 1;
const ADDRESS_AT = 10;
const NONCE_AT = ADDRESS_AT + ADDRESS_BYTES;
const NONCE_BYTES = 32;
const END = NONCE_AT + NONCE_BYTES;

export interface UniqueId {
  readonly bootstrap: Address;
  /** [32] derived from the nonce: what a connection shows to be let in. */
  readonly key: Buffer;
}

export function createUniqueId(bootstrap: Address): Buffer {
  const id = Buffer.alloc(UNIQUE_ID_BYTES);
  MAGIC.copy(id);
  id.writeUInt16LE(VERSION, MAGIC.length);
  encodeAddress(bootstrap, id.subarray(ADDRESS_AT, NONCE_AT));
  randomBytes(NONCE_BYTES).copy(id, NONCE_AT);
  return id;
}

/** Throws INVALID_ARGUMENT that says what is wrong. */
export function parseUniqueId(bytes: Uint8Array): UniqueId {
  if (bytes.byteLength !== UNIQUE_ID_BYTES) {
    throw invalid(`found ${bytes.byteLength} bytes, expected ${UNIQUE_ID_BYTES}`);
  }
  const id = Buffer.from(bytes);
  if (!id.subarray(0, MAGIC.length).equals(MAGIC)) throw invalid('it does not come from getUniqueId (wrong magic)');
  const version = id.readUInt16LE(MAGIC.length);
  if (version !== VERSION) throw invalid(`found version ${version}, expected ${VERSION}: run one release on all ranks`);
  const bootstrap = decodeAddress(id.subarray(ADDRESS_AT, NONCE_AT));
  if (bootstrap === null) throw invalid('its address is damaged');
  if (id.subarray(END).some((byte) => byte !== 0)) throw invalid('its padding is damaged');
  return { bootstrap, key: deriveKey(id.subarray(NONCE_AT, END)) };
}

function deriveKey(nonce: Uint8Array): Buffer {
  return createHash('sha256').update('ppo-operator communicator key').update(nonce).digest();
}

function invalid(reason: string): CommunicatorError {
  return new CommunicatorError('INVALID_ARGUMENT', `unique id: ${reason}`);
}
