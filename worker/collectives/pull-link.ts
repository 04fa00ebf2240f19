/**
 * The reading end of a link. It requests a transfer when its sink is ready, so that data never arrives unasked and no
 * transfer can block another behind it; what does arrive unasked, or in excess, ends the communicator.
 */
import type { Address } from './address.ts';
import { CommunicatorError } from './communicator.ts';
import { type Frame, type TransferId, transferFrame, violation } from './frame.ts';
import { Link, type LinkOptions, transferKey } from './link.ts';
import type { Sockets } from './sockets.ts';
import type { Sink } from './transfer.ts';

/**
 * Every pull link reads into this memory: a read is consumed before the next begins. (A buffer that changes with each
 * read, the transfer's own memory, would save the copy, but Node keeps some bytes of every such change for the
 * connection's life: 1 MB per GB received.)
 */
const READ_BUFFER = new Uint8Array(1024 * 1024);

interface Pull extends TransferId {
  readonly sink: Sink;
  received: number;
  readonly resolve: () => void;
  readonly reject: (error: CommunicatorError) => void;
}

export interface DialOptions extends LinkOptions {
  readonly address: Address;
  /** [128], see hello.ts. */
  readonly hello: Buffer;
  readonly sockets: Sockets;
  readonly onReceived: (numBytes: number) => void;
}

export class PullLink extends Link {
  readonly #pulls = new Map<number, Pull>();
  readonly #onReceived: (numBytes: number) => void;
  readonly #welcomed = Promise.withResolvers<void>();
  #isWelcome = false;
  #current: Pull | null = null;

  /** Dials; `welcomed` resolves when the peer has let this rank in. Failures are told to onFailure. */
  constructor(options: DialOptions) {
    const socket = options.sockets.dial({
      ...options.address,
      onread: {
        buffer: READ_BUFFER,
        callback: (length, buffer) => {
          this.receive(buffer.subarray(0, length));
          return true;
        },
      },
    });
    super(socket, options);
    this.#onReceived = options.onReceived;
    socket.write(options.hello);
  }

  get welcomed(): Promise<void> {
    return this.#welcomed.promise;
  }

  /** Resolves when the sink is full. Where the link fails, cancel() rejects. */
  pull(id: TransferId, sink: Sink): Promise<void> {
    if (this.departure !== null) return Promise.reject(this.departure);
    return new Promise((resolve, reject) => {
      this.#pulls.set(transferKey(id), { ...id, sink, received: 0, resolve, reject });
      this.writeFrame(transferFrame('request', id, sink.byteLength));
    });
  }

  /** Rejects what is under way. To be called after destroy(): sinks are not written to any more. */
  cancel(error: CommunicatorError): void {
    for (const pull of this.#pulls.values()) pull.reject(error);
    this.#pulls.clear();
  }

  onPayload(piece: Uint8Array): void {
    const pull = this.#current;
    if (pull === null) throw new CommunicatorError('INTERNAL_ERROR', 'internal: payload without a transfer');
    pull.received += piece.byteLength;
    this.#onReceived(piece.byteLength);
    pull.sink.write(piece);
    this.#completeIfFull(pull);
  }

  protected onTransferFrame(frame: Frame): void {
    if (frame.kind === 'welcome' && !this.#isWelcome) {
      this.#isWelcome = true;
      this.#welcomed.resolve();
      return;
    }
    if (frame.kind !== 'data' || !this.#isWelcome) throw violation(`sent "${frame.kind}", which was not due`);
    const pull = this.#pulls.get(transferKey(frame));
    if (pull === undefined || pull.signature !== frame.signature || pull.step !== frame.step) {
      throw violation('sent data that nobody requested');
    }
    if (frame.length > pull.sink.byteLength - pull.received) {
      throw violation(`sent ${pull.received + frame.length} bytes where ${pull.sink.byteLength} were requested`);
    }
    this.#current = pull;
    if (frame.length === 0) this.#completeIfFull(pull);
  }

  protected get isInUse(): boolean {
    return this.#pulls.size > 0 || !this.#isWelcome;
  }

  #completeIfFull(pull: Pull): void {
    if (pull.received < pull.sink.byteLength) return;
    this.#pulls.delete(transferKey(pull));
    pull.resolve();
  }
}
