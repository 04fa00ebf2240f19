/**
 * The sending end of a link: answers the reader's requests from sources, a frame of each in turn, straight from their
 * memory. Knows nothing of what the bytes mean.
 */
import type { Socket } from 'node:net';
import { CommunicatorError } from './communicator.ts';
import { controlFrame, type Frame, type TransferId, transferFrame, violation } from './frame.ts';
import { Link, type LinkOptions, transferKey } from './link.ts';
import type { Source } from './transfer.ts';

/** Large enough for the kernel to work on, small enough for transfers to take turns. */
const MAX_FRAME_PAYLOAD_BYTES = 4 * 1024 * 1024;
/** More requests than any group call makes: a peer that floods is cut off. */
const MAX_EARLY_REQUESTS = 65_536;

interface Push extends TransferId {
  readonly source: Source;
  sent: number;
  readonly resolve: () => void;
  readonly reject: (error: CommunicatorError) => void;
}

export interface AcceptOptions extends LinkOptions {
  readonly onSent: (numBytes: number) => void;
}

export class PushLink extends Link {
  /** Requests that came before this rank had the data. */
  readonly #requests = new Map<number, Frame>();
  /** Data that the reader has not requested yet. */
  readonly #waiting = new Map<number, Push>();
  /** Requested, in order of their turns. */
  #active: Push[] = [];
  #isWriting = false;
  readonly #onSent: (numBytes: number) => void;

  /** Takes ownership of a connection whose hello has been read and checked. */
  constructor(socket: Socket, options: AcceptOptions) {
    super(socket, options);
    this.#onSent = options.onSent;
    socket.on('data', (bytes) => this.receive(bytes as Buffer));
    this.writeFrame(controlFrame('welcome'));
  }

  /** Resolves when the kernel has taken all bytes. Where the link fails, cancel() rejects. */
  push(id: TransferId, source: Source): Promise<void> {
    if (this.departure !== null) return Promise.reject(this.departure);
    return new Promise((resolve, reject) => {
      const push: Push = { ...id, source, sent: 0, resolve, reject };
      const key = transferKey(id);
      this.#waiting.set(key, push);
      const request = this.#requests.get(key);
      if (request !== undefined) this.#answer(push, request);
    });
  }

  /** Rejects what is under way. To be called after destroy(): sources are not read any more. */
  cancel(error: CommunicatorError): void {
    for (const push of [...this.#waiting.values(), ...this.#active]) {
      push.source.onRaise = null;
      push.reject(error);
    }
    this.#waiting.clear();
    this.#active = [];
    this.#requests.clear();
  }

  onPayload(): void {
    throw violation('sent data where it should read');
  }

  protected onTransferFrame(frame: Frame): void {
    const key = transferKey(frame);
    if (frame.kind !== 'request' || this.#requests.has(key)) throw violation(`sent "${frame.kind}", which was not due`);
    if (this.#requests.size >= MAX_EARLY_REQUESTS) throw violation(`sent ${MAX_EARLY_REQUESTS} requests at once`);
    this.#requests.set(key, frame);
    const push = this.#waiting.get(key);
    if (push !== undefined) this.#answer(push, frame);
  }

  protected get isInUse(): boolean {
    return this.#waiting.size > 0 || this.#active.length > 0;
  }

  #answer(push: Push, request: Frame): void {
    if (request.signature !== push.signature || request.length !== push.source.bytes.byteLength) {
      this.fail(
        new CommunicatorError(
          'INVALID_USAGE',
          `${this.peer} called another operation, count, data type or reduction than this rank at the same place ` +
            `(it expects ${request.length} bytes here, this rank has ${push.source.bytes.byteLength}); ` +
            'every rank must make the same calls in the same order',
        ),
      );
      return;
    }
    const key = transferKey(push);
    this.#requests.delete(key);
    this.#waiting.delete(key);
    this.#active.push(push);
    push.source.onRaise = () => this.#pump();
    this.#pump();
  }

  /** Writes the next frame, if there is one and the last is written. */
  #pump(): void {
    if (this.#isWriting) return;
    const push = this.#active.find(({ source, sent }) => source.available > sent || source.bytes.byteLength === 0);
    if (push === undefined) return;
    const length = Math.min(push.source.available - push.sent, MAX_FRAME_PAYLOAD_BYTES);
    const payload = push.source.bytes.subarray(push.sent, push.sent + length);
    this.#isWriting = true;
    this.writeData(transferFrame('data', push, length), payload, () => this.#onWritten(push, length));
  }

  #onWritten(push: Push, length: number): void {
    this.#isWriting = false;
    push.sent += length;
    this.#onSent(length);
    const index = this.#active.indexOf(push);
    if (index < 0) return;
    this.#active.splice(index, 1);
    if (push.sent === push.source.bytes.byteLength) {
      push.source.onRaise = null;
      push.resolve();
    } else {
      this.#active.push(push);
    }
    this.#pump();
  }
}
