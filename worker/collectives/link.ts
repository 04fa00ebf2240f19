/**
 * What both ends of a link share: one TCP connection over which one rank (the reader) requests and the other sends. There
 * are two links between two ranks, one for each direction, so that every reader is the one who dialled.
 */
import type { Socket } from 'node:net';
import { CommunicatorError } from './communicator.ts';
import { controlFrame, type Frame, FrameDecoder, FrameEncoder, type FrameReceiver, type TransferId } from './frame.ts';

const KEEP_ALIVE_MS = 10_000;
/** Steps of an operation fit below it: 2 * (MAX_WORLD_SIZE - 1). */
const MAX_STEPS = 4096;

/** Who is at the other end and who hears of it. */
export interface LinkOptions {
  /** "rank 3 (10.0.0.3:7002)" */
  readonly peer: string;
  /** [8] */
  readonly communicator: Buffer;
  /** Called once; the link is of no use after. */
  readonly onFailure: (error: CommunicatorError) => void;
}

export abstract class Link implements FrameReceiver {
  readonly #options: LinkOptions;
  readonly #socket: Socket;
  readonly #encoder: FrameEncoder;
  readonly #decoder: FrameDecoder;
  readonly #closed = Promise.withResolvers<void>();
  #hasLeft = false;
  #hasPeerLeft = false;
  #error: Error | null = null;

  constructor(socket: Socket, options: LinkOptions) {
    this.#options = options;
    this.#socket = socket;
    this.#encoder = new FrameEncoder(options.communicator);
    this.#decoder = new FrameDecoder(options.communicator, this);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.on('close', () => this.#onClose());
  }

  abstract onPayload(piece: Uint8Array): void;
  protected abstract onTransferFrame(frame: Frame): void;
  /** Does this rank still need the peer? */
  protected abstract get isInUse(): boolean;

  get peer(): string {
    return this.#options.peer;
  }

  onFrame(frame: Frame): void {
    if (frame.kind === 'bye') this.#onBye();
    else if (frame.kind === 'abort')
      this.fail(new CommunicatorError(frame.code, `${this.peer} gave up: ${frame.code}`));
    else this.onTransferFrame(frame);
  }

  /** Says goodbye and closes; resolves when the connection has ended. */
  leave(): Promise<void> {
    if (!this.#hasLeft && this.#socket.writable) this.#socket.end(this.#encoder.encode(controlFrame('bye')));
    this.#hasLeft = true;
    return this.#closed.promise;
  }

  /** Closes at once; the peer learns why where the connection is free to say so. Native code lets go of all memory. */
  destroy(reason: CommunicatorError | null): void {
    if (this.#hasLeft && this.#socket.destroyed) return;
    this.#hasLeft = true;
    if (reason !== null && this.#socket.writable && this.#socket.writableLength === 0) {
      this.#socket.write(this.#encoder.encode(controlFrame('abort', reason.code)));
    }
    this.#socket.destroy();
  }

  /** Why the peer can't be asked any more, or null. */
  protected get departure(): CommunicatorError | null {
    return this.#hasPeerLeft ? new CommunicatorError('REMOTE_ERROR', `${this.peer} has left the communicator`) : null;
  }

  protected writeFrame(frame: Frame): void {
    if (this.#socket.writable) this.#socket.write(this.#encoder.encode(frame));
  }

  /** One system call for header and payload, which native code reads in place until `written`. */
  protected writeData(frame: Frame, payload: Uint8Array, written: () => void): void {
    if (!this.#socket.writable) return;
    const whenWritten = (error?: Error | null) => {
      if (!error) written();
    };
    this.#socket.cork();
    if (payload.byteLength === 0) {
      this.#socket.write(this.#encoder.encode(frame), whenWritten);
    } else {
      this.#socket.write(this.#encoder.encode(frame));
      this.#socket.write(payload, whenWritten);
    }
    this.#socket.uncork();
  }

  protected receive(bytes: Uint8Array): void {
    if (this.#hasLeft) return;
    try {
      this.#decoder.feed(bytes);
    } catch (error) {
      if (error instanceof CommunicatorError) {
        this.fail(new CommunicatorError(error.code, `${this.peer} ${error.message}`, { cause: error }));
      } else {
        this.fail(new CommunicatorError('INTERNAL_ERROR', `receiving from ${this.peer} failed`, { cause: error }));
      }
    }
  }

  protected fail(error: CommunicatorError): void {
    if (this.#hasLeft) return;
    this.#options.onFailure(error);
  }

  #onBye(): void {
    this.#hasPeerLeft = true;
    if (this.isInUse) {
      this.fail(new CommunicatorError('REMOTE_ERROR', `${this.peer} left the communicator while it was needed`));
    }
  }

  #onClose(): void {
    this.#closed.resolve();
    if (this.#hasPeerLeft) return;
    const reason = this.#error === null ? 'closed its connection' : `is lost: ${this.#error.message}`;
    this.fail(new CommunicatorError('REMOTE_ERROR', `${this.peer} ${reason}`, { cause: this.#error }));
  }
}

/** A number that is the same for equal transfers of one link. */
export function transferKey({ operation, step }: TransferId): number {
  return operation * MAX_STEPS + (step % MAX_STEPS);
}
