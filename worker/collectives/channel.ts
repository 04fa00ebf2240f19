/**
 * One operation's way through the mesh: its transfers share an operation number and a signature, and differ by step.
 * Knows no algorithm.
 */
import { crc32 } from 'node:zlib';
import type { Mesh } from './mesh.ts';
import type { Sink, Source } from './transfer.ts';
import type { ResolvedOperation } from './transport.ts';

export type HostOperation = ResolvedOperation<Uint8Array>;

export class Channel {
  readonly rank: number;
  readonly worldSize: number;
  readonly #mesh: Mesh;
  readonly #operation: number;
  readonly #signature: number;

  constructor(mesh: Mesh, o: { readonly operation: number; readonly signature: number }) {
    this.#mesh = mesh;
    this.rank = mesh.rank;
    this.worldSize = mesh.worldSize;
    this.#operation = o.operation;
    this.#signature = o.signature;
  }

  /** The rank `distance` after this one, around the ring; negative is before. */
  neighbour(distance: number): number {
    return modulo(this.rank + distance, this.worldSize);
  }

  pull(peer: number, step: number, sink: Sink): Promise<void> {
    return watched(this.#mesh.pull(peer, { operation: this.#operation, step, signature: this.#signature }, sink));
  }

  push(peer: number, step: number, source: Source): Promise<void> {
    return watched(this.#mesh.push(peer, { operation: this.#operation, step, signature: this.#signature }, source));
  }
}

/** An algorithm looks at its transfers when it has begun them all: until then a failure is not an unhandled one. */
function watched(transfer: Promise<void>): Promise<void> {
  transfer.catch(() => {});
  return transfer;
}

export function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}

const COLLECTIVE_LIMIT = 2 ** 31;

/** Collectives are numbered over the communicator; sends and receives apart, per pair and direction. All wrap. */
export class OperationNumbers {
  #numCollectives = 0;
  readonly #numSends = new Map<number, number>();
  readonly #numReceives = new Map<number, number>();

  /** To be called in the order of the rank's calls: that is what ranks agree on. */
  next({ kind, peer }: HostOperation): number {
    if (kind === 'send') return COLLECTIVE_LIMIT + count(this.#numSends, peer);
    if (kind === 'receive') return COLLECTIVE_LIMIT + count(this.#numReceives, peer);
    const number = this.#numCollectives;
    this.#numCollectives = (number + 1) % COLLECTIVE_LIMIT;
    return number;
  }
}

function count(counts: Map<number, number>, peer: number): number {
  const number = counts.get(peer) ?? 0;
  counts.set(peer, (number + 1) % COLLECTIVE_LIMIT);
  return number;
}

/** A digest of what every rank of an operation has to agree on. */
export function signatureOf({ kind, count, dataType, op, peer }: HostOperation): number {
  const isReduction = kind === 'allReduce' || kind === 'reduceScatter';
  const isPointToPoint = kind === 'send' || kind === 'receive';
  const name = isPointToPoint ? 'pointToPoint' : kind;
  return crc32(JSON.stringify([name, count, dataType, isReduction ? op : null, kind === 'broadcast' ? peer : null]));
}
