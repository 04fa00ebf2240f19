/**
 * One rank's links to every other rank of one communicator, which live and die together: any link's failure fails all, so
 * that every rank hears of a dead one at once. Knows transfers, not operations.
 */
import type { Socket } from 'node:net';
import { formatAddress } from '../service/host-port.ts';
import type { Address } from './address.ts';
import { CommunicatorError } from './communicator.ts';
import { COMMUNICATOR_ID_BYTES, type TransferId } from './frame.ts';
import { encodeHello, type Hello } from './hello.ts';
import { PullLink } from './pull-link.ts';
import { PushLink } from './push-link.ts';
import { PLAIN_SOCKETS, type Sockets } from './sockets.ts';
import type { Sink, Source } from './transfer.ts';

/** How long a peer may take to close its side when this rank leaves in good order. */
const LEAVE_GRACE_MS = 1000;

export interface MeshOptions {
  readonly rank: number;
  readonly worldSize: number;
  /** [32] */
  readonly key: Buffer;
  /** This rank's transport. */
  readonly address: Address;
  /** Default: plain TCP. */
  readonly sockets?: Sockets;
}

export class Mesh {
  readonly rank: number;
  readonly worldSize: number;
  /** Totals since the beginning. */
  bytesSent = 0;
  bytesReceived = 0;
  readonly #options: MeshOptions;
  readonly #communicator: Buffer;
  readonly #pullLinks = new Map<number, PullLink>();
  readonly #pushLinks = new Map<number, PushLink>();
  readonly #accepted = Promise.withResolvers<void>();
  readonly #failed = Promise.withResolvers<never>();
  #failure: CommunicatorError | null = null;

  constructor(options: MeshOptions) {
    this.#options = options;
    this.rank = options.rank;
    this.worldSize = options.worldSize;
    this.#communicator = options.key.subarray(0, COMMUNICATOR_ID_BYTES);
    if (options.worldSize === 1) this.#accepted.resolve();
    // Whoever waits for a link races against it; with nobody waiting it is no error of the process.
    this.#failed.promise.catch(() => {});
  }

  get failure(): CommunicatorError | null {
    return this.#failure;
  }

  /** Takes ownership of a peer's connection. */
  accept(hello: Hello, socket: Socket): void {
    const isExpected = hello.worldSize === this.worldSize && hello.rank !== this.rank;
    if (!isExpected || this.#pushLinks.has(hello.rank) || this.#failure !== null) {
      socket.destroy();
      return;
    }
    const link = new PushLink(socket, {
      ...this.#linkOptions(hello.rank, hello.address),
      onSent: (numBytes) => {
        this.bytesSent += numBytes;
      },
    });
    this.#pushLinks.set(hello.rank, link);
    if (this.#pushLinks.size === this.worldSize - 1) this.#accepted.resolve();
  }

  /** Dials every other rank; resolves when all links are up both ways. `addresses` in order of rank. */
  async connect(addresses: readonly Address[]): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    for (const [peer, address] of addresses.entries()) if (peer !== this.rank) this.#dial(peer, address);
    const welcomed = [...this.#pullLinks.values()].map((link) => link.welcomed);
    await Promise.race([Promise.all([...welcomed, this.#accepted.promise]), this.#failed.promise]);
  }

  /** Fills `sink` with what `peer` pushes under the same id. */
  pull(peer: number, id: TransferId, sink: Sink): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    return this.#guard(this.#pullLinks.get(peer)!.pull(id, sink));
  }

  /** Sends `source` to `peer` when it pulls the same id. */
  push(peer: number, id: TransferId, source: Source): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    return this.#guard(this.#pushLinks.get(peer)!.push(id, source));
  }

  /** Ends all links at once and rejects what is under way. When it returns, no memory is touched any more. */
  fail(error: CommunicatorError): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    const links = [...this.#pullLinks.values(), ...this.#pushLinks.values()];
    for (const link of links) link.destroy(error);
    for (const link of links) link.cancel(error);
    this.#failed.reject(error);
  }

  /** Leaves in good order. */
  async leave(): Promise<void> {
    const links = [...this.#pullLinks.values(), ...this.#pushLinks.values()];
    const left = Promise.all(links.map((link) => link.leave()));
    this.#failure ??= new CommunicatorError('INVALID_USAGE', 'the communicator was destroyed');
    const { promise: expired, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, LEAVE_GRACE_MS);
    await Promise.race([left, expired]);
    clearTimeout(timer);
    for (const link of links) link.destroy(null);
  }

  #dial(peer: number, address: Address): void {
    const { rank, worldSize, key, sockets = PLAIN_SOCKETS } = this.#options;
    const hello = encodeHello({
      purpose: 'pull',
      key,
      rank,
      worldSize,
      targetRank: peer,
      address: this.#options.address,
    });
    const link = new PullLink({
      ...this.#linkOptions(peer, address),
      address,
      hello,
      sockets,
      onReceived: (numBytes) => {
        this.bytesReceived += numBytes;
      },
    });
    this.#pullLinks.set(peer, link);
  }

  #linkOptions(peer: number, address: Address) {
    return {
      peer: `rank ${peer} (${formatAddress(address)})`,
      communicator: this.#communicator,
      onFailure: (error: CommunicatorError) => this.fail(error),
    };
  }

  // A transfer that a link refused (its peer has left) fails the communicator as well.
  async #guard(transfer: Promise<void>): Promise<void> {
    try {
      await transfer;
    } catch (error) {
      if (error instanceof CommunicatorError) this.fail(error);
      throw error;
    }
  }
}
