/**
 * How ranks find each other: each tells the bootstrap, which lives at the address in the unique id, who it is; when all
 * have, each gets the table of addresses. The reply has a fixed head (magic u32, code u8, message length u8, zero u16,
 * world size u32, message) and then one address a rank. Knows no operation.
 */
import type { Socket } from 'node:net';
import { formatAddress } from '../service/host-port.ts';
import { ADDRESS_BYTES, type Address, decodeAddress, encodeAddress } from './address.ts';
import { CommunicatorError, type FailureCode } from './communicator.ts';
import { encodeHello, type Hello } from './hello.ts';
import { PLAIN_SOCKETS, type Sockets } from './sockets.ts';

const MAGIC = 0x424f5050; // 'PPOB'
const HEAD_BYTES = 256;
const MESSAGE_AT = 12;
const MAX_MESSAGE_BYTES = HEAD_BYTES - MESSAGE_AT;
const SUCCESS = 0;
const CODES: readonly FailureCode[] = ['INVALID_USAGE', 'REMOTE_ERROR', 'TIMEOUT'];

/** The meeting place of one communicator's ranks. Lives until all have come or one of them has gone. */
export class BootstrapHost {
  readonly #joined = new Map<number, { hello: Hello; socket: Socket }>();
  readonly #onDone: () => void;
  #isDone = false;

  constructor(onDone: () => void) {
    this.#onDone = onDone;
  }

  /** Takes ownership of the socket of a rank that knows the key. */
  accept(hello: Hello, socket: Socket): void {
    const problem = this.#problemOf(hello);
    const { rank, worldSize } = hello;
    if (problem === null) this.#joined.set(rank, { hello, socket });
    socket.on('error', () => {
      // 'close' follows.
    });
    socket.on('data', () => socket.destroy());
    socket.on('close', () => this.fail('REMOTE_ERROR', `rank ${rank} left before all ${worldSize} ranks had joined`));
    if (problem !== null) {
      socket.end(encodeFailure('INVALID_USAGE', problem));
      this.fail('INVALID_USAGE', problem);
    } else if (this.#joined.size === worldSize) {
      this.#complete(worldSize);
    }
  }

  /** Tells every rank that has joined; those to come find nobody. */
  fail(code: FailureCode, message: string): void {
    this.#finish(() => encodeFailure(code, message));
  }

  #problemOf({ rank, worldSize }: Hello): string | null {
    if (this.#joined.has(rank)) return `rank ${rank} joined twice`;
    for (const { hello } of this.#joined.values()) {
      if (hello.worldSize !== worldSize) {
        return `rank ${hello.rank} joined with world size ${hello.worldSize}, rank ${rank} with ${worldSize}`;
      }
    }
    return null;
  }

  #complete(worldSize: number): void {
    const ranks = Array.from({ length: worldSize }, (_, rank) => this.#joined.get(rank)!.hello.address);
    const reply = encodeTable(ranks);
    this.#finish(() => reply);
  }

  #finish(reply: () => Buffer): void {
    if (this.#isDone) return;
    this.#isDone = true;
    for (const { socket } of this.#joined.values()) if (!socket.destroyed) socket.end(reply());
    this.#joined.clear();
    this.#onDone();
  }
}

export interface JoinBootstrapOptions {
  readonly signal: AbortSignal;
  /** Default: plain TCP. */
  readonly sockets?: Sockets;
}

/** Joins as `hello` says; resolves with every rank's address. Rejects with CommunicatorError, and with the signal's reason. */
export function joinBootstrap(
  bootstrap: Address,
  hello: Hello,
  { signal, sockets = PLAIN_SOCKETS }: JoinBootstrapOptions,
): Promise<readonly Address[]> {
  const { promise, resolve, reject } = Promise.withResolvers<readonly Address[]>();
  const where = `the bootstrap at ${formatAddress(bootstrap)}`;
  const reply = Buffer.alloc(HEAD_BYTES + hello.worldSize * ADDRESS_BYTES);
  let fill = 0;
  let failure: Error | null = null;
  const socket = sockets.dial(bootstrap);
  socket.setNoDelay(true);
  socket.write(encodeHello(hello));
  socket.on('data', (piece) => {
    const isTooLong = fill + piece.length > reply.length;
    fill += (piece as Buffer).copy(reply, fill);
    if (isTooLong) socket.destroy(new Error('it sent too much'));
  });
  socket.on('error', (error) => {
    failure = error;
  });
  socket.on('close', () => {
    try {
      if (failure !== null) throw new CommunicatorError('REMOTE_ERROR', `${where} is lost: ${failure.message}`);
      resolve(decodeReply(reply.subarray(0, fill), { where, worldSize: hello.worldSize }));
    } catch (error) {
      reject(error);
    }
  });
  const giveUp = (): void => {
    reject(signal.reason);
    socket.destroy();
  };
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp, { once: true });
  return promise.finally(() => signal.removeEventListener('abort', giveUp));
}

function encodeFailure(code: FailureCode, message: string): Buffer {
  const text = Buffer.from(message).subarray(0, MAX_MESSAGE_BYTES);
  const head = encodeHead(CODES.indexOf(code) + 1, 0);
  head.writeUInt8(text.length, 5);
  text.copy(head, MESSAGE_AT);
  return head;
}

function encodeTable(addresses: readonly Address[]): Buffer {
  const table = Buffer.alloc(addresses.length * ADDRESS_BYTES);
  for (const [rank, address] of addresses.entries()) encodeAddress(address, table.subarray(rank * ADDRESS_BYTES));
  return Buffer.concat([encodeHead(SUCCESS, addresses.length), table]);
}

function encodeHead(code: number, worldSize: number): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(MAGIC, 0);
  head.writeUInt8(code, 4);
  head.writeUInt32LE(worldSize, 8);
  return head;
}

function decodeReply(bytes: Buffer, o: { where: string; worldSize: number }): readonly Address[] {
  if (bytes.length === 0) {
    throw new CommunicatorError('REMOTE_ERROR', `${o.where} knows nothing of this unique id: it is used up or expired`);
  }
  const isSound = bytes.length >= HEAD_BYTES && bytes.readUInt32LE(0) === MAGIC;
  const code = isSound ? bytes.readUInt8(4) : SUCCESS;
  if (code !== SUCCESS) {
    const message = bytes.toString('utf8', MESSAGE_AT, Math.min(MESSAGE_AT + bytes.readUInt8(5), HEAD_BYTES));
    throw new CommunicatorError(CODES[code - 1] ?? 'REMOTE_ERROR', message);
  }
  const addresses = isSound ? decodeTable(bytes.subarray(HEAD_BYTES), o.worldSize) : null;
  if (addresses === null) throw new CommunicatorError('REMOTE_ERROR', `${o.where} sent what is no table of addresses`);
  return addresses;
}

function decodeTable(bytes: Buffer, worldSize: number): readonly Address[] | null {
  if (bytes.length !== worldSize * ADDRESS_BYTES) return null;
  const addresses: Address[] = [];
  for (let rank = 0; rank < worldSize; rank++) {
    const address = decodeAddress(bytes.subarray(rank * ADDRESS_BYTES, (rank + 1) * ADDRESS_BYTES));
    if (address === null) return null;
    addresses.push(address);
  }
  return addresses;
}
