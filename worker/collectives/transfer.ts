/**
 * The two ends of a transfer between ranks: a source whose bytes may still be arriving, and sinks that put received bytes
 * in place or reduce them on the way. Knows no connection.
 */
import { ELEMENT_BYTES } from './data-type.ts';
import { type Reduction, reduce } from './reduce.ts';

/** Bytes to send. Borrows `bytes`; the first `available` of them are final, the rest follows as raise() says. */
export class Source {
  readonly bytes: Uint8Array;
  /** Called after each raise. */
  onRaise: (() => void) | null = null;
  #available: number;

  constructor(bytes: Uint8Array, available: number = bytes.byteLength) {
    this.bytes = bytes;
    this.#available = available;
  }

  get available(): number {
    return this.#available;
  }

  raise(available: number): void {
    this.#available = available;
    this.onRaise?.();
  }
}

/** Takes received bytes in order. */
export interface Sink {
  readonly byteLength: number;
  /** `piece` is valid during the call alone; pieces never exceed byteLength together. */
  write(piece: Uint8Array): void;
}

/** Hears how many bytes from the start are final. */
export type Progress = (numBytes: number) => void;

/** Copies into `into`, which it borrows. */
export class CopySink implements Sink {
  readonly byteLength: number;
  readonly #into: Uint8Array;
  readonly #progress: Progress | null;
  #filled = 0;

  constructor(into: Uint8Array, progress: Progress | null = null) {
    this.byteLength = into.byteLength;
    this.#into = into;
    this.#progress = progress;
  }

  write(piece: Uint8Array): void {
    this.#into.set(piece, this.#filled);
    this.#filled += piece.byteLength;
    this.#progress?.(this.#filled);
  }
}

const SCRATCH_BYTES = 64 * 1024;

/** out = received op local, piece by piece. Borrows `out` and `local`, which may be the same memory. */
export class ReduceSink implements Sink {
  readonly byteLength: number;
  readonly #o: ReduceSinkOptions;
  readonly #elementBytes: number;
  // Pieces end anywhere; what is reduced has to begin and end at an element.
  readonly #scratch: Uint8Array;
  #scratchFill = 0;
  #reduced = 0;

  constructor(options: ReduceSinkOptions) {
    this.#o = options;
    this.byteLength = options.out.byteLength;
    this.#elementBytes = ELEMENT_BYTES[options.reduction.dataType];
    this.#scratch = new Uint8Array(Math.min(SCRATCH_BYTES, this.byteLength));
  }

  write(piece: Uint8Array): void {
    for (let at = 0; at < piece.byteLength; ) {
      const length = Math.min(piece.byteLength - at, this.#scratch.byteLength - this.#scratchFill);
      this.#scratch.set(piece.subarray(at, at + length), this.#scratchFill);
      this.#scratchFill += length;
      at += length;
      this.#reduceScratch();
    }
    this.#o.progress?.(this.#reduced);
  }

  #reduceScratch(): void {
    const whole = this.#scratchFill - (this.#scratchFill % this.#elementBytes);
    const end = this.#reduced + whole;
    reduce(
      {
        out: this.#o.out.subarray(this.#reduced, end),
        local: this.#o.local.subarray(this.#reduced, end),
        received: this.#scratch.subarray(0, whole),
      },
      this.#o.reduction,
    );
    this.#scratch.copyWithin(0, whole, this.#scratchFill);
    this.#scratchFill -= whole;
    this.#reduced = end;
  }
}

export interface ReduceSinkOptions {
  readonly out: Uint8Array;
  readonly local: Uint8Array;
  readonly reduction: Reduction;
  readonly progress: Progress | null;
}
