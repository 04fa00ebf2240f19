/**
 * The transport port: accepts connections, reads their hello and hands them to whoever expects them. Everything else is
 * cut off without a word. Knows neither bootstrap nor links.
 */
import type { Server, Socket } from 'node:net';
import type { Address } from './address.ts';
import { decodeHello, HELLO_BYTES, type Hello, type Purpose } from './hello.ts';
import { PLAIN_SOCKETS, type Sockets } from './sockets.ts';

const HELLO_TIMEOUT_MS = 5000;
/** Connections that have not said hello yet. */
const MAX_STRANGERS = 256;

/** Takes ownership of the socket, which has nothing unread and no listeners. */
export type Accept = (hello: Hello, socket: Socket) => void;

export interface Expectation {
  readonly purpose: Purpose;
  /** [32] */
  readonly key: Buffer;
  readonly targetRank: number;
}

export interface ListenOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly onRefused: (reason: string) => void;
  /** Default: plain TCP. */
  readonly sockets?: Sockets;
}

export class TcpListener {
  readonly #server: Server;
  readonly #options: ListenOptions;
  readonly #strangers = new Set<Socket>();
  readonly #expectations = new Map<string, Accept>();
  #address: Address;

  private constructor(options: ListenOptions) {
    this.#options = options;
    this.#address = { host: options.host, port: options.port };
    const { sockets = PLAIN_SOCKETS, onRefused } = options;
    this.#server = sockets.createServer({ onConnection: (socket) => this.#onConnection(socket), onRefused });
  }

  static async start(options: ListenOptions): Promise<TcpListener> {
    const listener = new TcpListener(options);
    const server = listener.#server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: options.host, port: options.port, backlog: MAX_STRANGERS }, resolve);
    });
    const bound = server.address();
    if (typeof bound === 'object' && bound !== null) listener.#address = { host: options.host, port: bound.port };
    return listener;
  }

  get address(): Address {
    return this.#address;
  }

  /** Lets in connections that know the key, until the returned function is called. */
  expect(expectation: Expectation, accept: Accept): () => void {
    const name = expectationName(expectation);
    this.#expectations.set(name, accept);
    return () => {
      if (this.#expectations.get(name) === accept) this.#expectations.delete(name);
    };
  }

  /** Stops listening; connections that were handed over live on. */
  close(): Promise<void> {
    this.#expectations.clear();
    for (const socket of this.#strangers) socket.destroy();
    // The server's own close waits for every connection it ever accepted: those belong to others now.
    this.#server.close();
    return Promise.resolve();
  }

  #onConnection(socket: Socket): void {
    if (this.#strangers.size >= MAX_STRANGERS) {
      this.#refuse(socket, 'too many connections without a hello');
      return;
    }
    this.#strangers.add(socket);
    const timer = setTimeout(() => this.#refuse(socket, 'no hello'), HELLO_TIMEOUT_MS);
    const bytes = Buffer.alloc(HELLO_BYTES);
    let fill = 0;
    const onData = (piece: Buffer): void => {
      const isTooLong = fill + piece.length > HELLO_BYTES;
      fill += piece.copy(bytes, fill);
      if (isTooLong) this.#refuse(socket, 'more than a hello');
      else if (fill === HELLO_BYTES) this.#handOver(socket, bytes);
    };
    socket.on('data', onData);
    socket.on('error', ignoreError);
    const forget = (): void => {
      clearTimeout(timer);
      this.#strangers.delete(socket);
    };
    socket.once('close', forget);
    socket.once('handedOver', () => {
      forget();
      socket.off('data', onData).off('close', forget);
    });
  }

  #handOver(socket: Socket, bytes: Buffer): void {
    const hello = decodeHello(bytes);
    const accept = hello === null ? undefined : this.#expectations.get(expectationName(hello));
    if (hello === null || accept === undefined) {
      this.#refuse(socket, hello === null ? 'no sound hello' : 'unknown or used key');
      return;
    }
    socket.emit('handedOver');
    accept(hello, socket);
    socket.off('error', ignoreError);
  }

  #refuse(socket: Socket, reason: string): void {
    socket.destroy();
    this.#options.onRefused(reason);
  }
}

function ignoreError(): void {
  // 'close' follows.
}

// The key has 256 random bits: looking it up tells a guesser nothing useful by its timing.
function expectationName({ purpose, key, targetRank }: Expectation): string {
  return `${purpose} ${key.toString('hex')} ${targetRank}`;
}
