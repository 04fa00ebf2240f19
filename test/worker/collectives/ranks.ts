/**
 * What the tests of the collectives share: groups of ranks in one process over real sockets, memory on the heap, and
 * numbers in any data type. Knows no expectation.
 */

import type { DataType } from '../../../worker/collectives/communicator.ts';
import { NUMBER_VIEWS } from '../../../worker/collectives/data-type.ts';
import { LocalCommunicator } from '../../../worker/collectives/local-communicator.ts';
import type { MemoryLease, MemoryStore } from '../../../worker/collectives/memory-store.ts';
import { PLAIN_SOCKETS, type Sockets } from '../../../worker/collectives/sockets.ts';
import { TcpTransport } from '../../../worker/collectives/tcp-transport.ts';

export const TIMEOUT_MS = 20_000;

/** Buffers by name, as a shared folder would hold them. */
export class HeapStore implements MemoryStore<Uint8Array> {
  readonly buffers = new Map<string, Uint8Array>();
  numLeases = 0;

  add(name: string, bytes: Uint8Array): void {
    this.buffers.set(name, bytes);
  }

  lease(name: string): MemoryLease<Uint8Array> | null {
    const bytes = this.buffers.get(name);
    if (bytes === undefined) return null;
    this.numLeases++;
    return {
      byteLength: bytes.byteLength,
      slice: (offset, length) => bytes.subarray(offset, offset + length),
      release: () => {
        this.numLeases--;
      },
    };
  }
}

export interface Rank {
  readonly transport: TcpTransport;
  readonly store: HeapStore;
  readonly communicator: LocalCommunicator<Uint8Array>;
}

export interface Ranks {
  readonly ranks: readonly Rank[];
  /** Aborts and closes everything. */
  close(): Promise<void>;
}

/** `worldSize` ranks, each with a transport of its own on a loopback port; over plain TCP where no sockets are given. */
export async function startRanks(worldSize: number, sockets?: Sockets): Promise<Ranks> {
  const transports = await startTransports(worldSize, sockets);
  const uniqueId = await transports[0]!.createUniqueId();
  const ranks = await Promise.all(
    transports.map(async (transport, rank) => {
      const store = new HeapStore();
      const group = await transport.join({ uniqueId, rank, worldSize, timeoutMs: TIMEOUT_MS });
      return { transport, store, communicator: new LocalCommunicator(group, store) };
    }),
  );
  return { ranks, close: () => closeAll(transports) };
}

export function startTransports(count: number, sockets: Sockets = PLAIN_SOCKETS): Promise<TcpTransport[]> {
  const options = { host: '127.0.0.1', port: 0, sockets };
  return Promise.all(Array.from({ length: count }, () => TcpTransport.start(options)));
}

export async function closeAll(transports: readonly TcpTransport[]): Promise<void> {
  await Promise.all(transports.map((transport) => transport.close()));
}

/** Every rank's outcome: null, or the code it failed with. */
export async function outcomes(calls: readonly Promise<unknown>[]): Promise<(string | null)[]> {
  const settled = await Promise.allSettled(calls);
  return settled.map((outcome) => (outcome.status === 'fulfilled' ? null : String(outcome.reason.code)));
}

/** Numbers to bytes of a data type, independent of the code under test where that has code of its own (bfloat16). */
export function encodeNumbers(dataType: DataType, numbers: readonly number[]): Uint8Array {
  if (dataType === 'bfloat16') {
    const floats = new Uint16Array(Float32Array.from(numbers).buffer);
    return new Uint8Array(Uint16Array.from(numbers, (_, i) => floats[2 * i + 1]!).buffer);
  }
  if (dataType === 'int64') return new Uint8Array(BigInt64Array.from(numbers, (x) => BigInt(x)).buffer);
  if (dataType === 'uint64') return new Uint8Array(BigUint64Array.from(numbers, (x) => BigInt(x)).buffer);
  const array = NUMBER_VIEWS[dataType](new ArrayBuffer(numbers.length * 8), 0, numbers.length);
  array.set(numbers);
  return new Uint8Array(array.buffer, 0, array.byteLength);
}

export function decodeNumbers(dataType: DataType, bytes: Uint8Array): number[] {
  const buffer = bytes.slice().buffer;
  if (dataType === 'bfloat16') {
    const halves = new Uint16Array(buffer);
    return Array.from(new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer));
  }
  if (dataType === 'int64') return Array.from(new BigInt64Array(buffer), Number);
  if (dataType === 'uint64') return Array.from(new BigUint64Array(buffer), Number);
  const array = NUMBER_VIEWS[dataType](buffer, 0, 0);
  return Array.from(NUMBER_VIEWS[dataType](buffer, 0, bytes.byteLength / array.BYTES_PER_ELEMENT));
}
