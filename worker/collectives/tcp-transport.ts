/**
 * The transport between machines, and where there is no better one: TCP on one port for bootstrap and data, over memory
 * that is mapped into this process. Knows no buffer names and no gRPC.
 */
import { formatAddress } from '../service/host-port.ts';
import type { Address } from './address.ts';
import { BootstrapHost, joinBootstrap } from './bootstrap.ts';
import { CommunicatorError } from './communicator.ts';
import { MAX_WORLD_SIZE } from './hello.ts';
import { Mesh } from './mesh.ts';
import { PLAIN_SOCKETS, type Sockets } from './sockets.ts';
import { TcpGroup } from './tcp-group.ts';
import { TcpListener } from './tcp-listener.ts';
import type { JoinOptions, Transport, TransportGroup } from './transport.ts';
import { createUniqueId, parseUniqueId } from './unique-id.ts';

/** A unique id that nobody has used by then is forgotten. */
const UNIQUE_ID_LIFE_MS = 600_000;
const MAX_OPEN_UNIQUE_IDS = 256;

export interface TcpTransportOptions {
  /** The address that other ranks can reach, which is also the one to listen on. */
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly onRefused?: (reason: string) => void;
  /** Default: plain TCP. */
  readonly sockets?: Sockets;
}

export class TcpTransport implements Transport<Uint8Array> {
  readonly name = 'tcp';
  readonly #listener: TcpListener;
  readonly #sockets: Sockets;
  readonly #bootstraps = new Set<BootstrapHost>();
  readonly #meshes = new Set<Mesh>();

  private constructor(listener: TcpListener, sockets: Sockets) {
    this.#listener = listener;
    this.#sockets = sockets;
  }

  static async start(options: TcpTransportOptions): Promise<TcpTransport> {
    const { host, port, onRefused = () => {}, sockets = PLAIN_SOCKETS } = options;
    return new TcpTransport(await TcpListener.start({ host, port, onRefused, sockets }), sockets);
  }

  get address(): Address {
    return this.#listener.address;
  }

  async createUniqueId(): Promise<Uint8Array> {
    if (this.#bootstraps.size >= MAX_OPEN_UNIQUE_IDS) {
      throw new CommunicatorError('SYSTEM_ERROR', `${MAX_OPEN_UNIQUE_IDS} unique ids are waiting for their ranks`);
    }
    const bytes = createUniqueId(this.address);
    const { key } = parseUniqueId(bytes);
    const host = new BootstrapHost(() => {
      clearTimeout(timer);
      unexpect();
      this.#bootstraps.delete(host);
    });
    const timer = setTimeout(() => host.fail('TIMEOUT', 'the unique id expired'), UNIQUE_ID_LIFE_MS).unref();
    const unexpect = this.#listener.expect({ purpose: 'join', key, targetRank: 0 }, (hello, socket) =>
      host.accept(hello, socket),
    );
    this.#bootstraps.add(host);
    return bytes;
  }

  async join(options: JoinOptions): Promise<TransportGroup<Uint8Array>> {
    checkRanks(options);
    const { rank, worldSize, timeoutMs } = options;
    const { bootstrap, key } = parseUniqueId(options.uniqueId);
    const sockets = this.#sockets;
    const mesh = new Mesh({ rank, worldSize, key, address: this.address, sockets });
    const unexpect = this.#listener.expect({ purpose: 'pull', key, targetRank: rank }, (hello, socket) =>
      mesh.accept(hello, socket),
    );
    const controller = new AbortController();
    const giveUp = (error: CommunicatorError): void => {
      mesh.fail(error);
      controller.abort(error);
    };
    const where = `the bootstrap at ${formatAddress(bootstrap)}`;
    const timer = setTimeout(
      () => giveUp(new CommunicatorError('TIMEOUT', `not all ${worldSize} ranks met at ${where} in ${timeoutMs} ms`)),
      timeoutMs,
    );
    const cancel = (): void => giveUp(new CommunicatorError('REMOTE_ERROR', 'joining was given up'));
    options.signal?.addEventListener('abort', cancel, { once: true });
    if (options.signal?.aborted) cancel();
    this.#meshes.add(mesh);
    try {
      const hello = { purpose: 'join', key, rank, worldSize, targetRank: 0, address: this.address } as const;
      await mesh.connect(await joinBootstrap(bootstrap, hello, { signal: controller.signal, sockets }));
      return new TcpGroup(mesh, () => this.#meshes.delete(mesh));
    } catch (error) {
      this.#meshes.delete(mesh);
      if (error instanceof CommunicatorError) mesh.fail(error);
      throw mesh.failure ?? error;
    } finally {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', cancel);
      unexpect();
    }
  }

  async close(): Promise<void> {
    const closed = new CommunicatorError('REMOTE_ERROR', 'the transport was closed');
    for (const host of this.#bootstraps) host.fail('REMOTE_ERROR', closed.message);
    for (const mesh of this.#meshes) mesh.fail(closed);
    this.#meshes.clear();
    await this.#listener.close();
  }
}

function checkRanks({ rank, worldSize }: JoinOptions): void {
  const isWorldSound = Number.isInteger(worldSize) && worldSize >= 1 && worldSize <= MAX_WORLD_SIZE;
  if (!isWorldSound) {
    throw new CommunicatorError('INVALID_ARGUMENT', `world size: found ${worldSize}, expected 1..${MAX_WORLD_SIZE}`);
  }
  if (!Number.isInteger(rank) || rank < 0 || rank >= worldSize) {
    throw new CommunicatorError('INVALID_ARGUMENT', `rank: found ${rank}, expected 0..${worldSize - 1}`);
  }
}
