/**
 * A file of records that only grows, each record in it whole or not at all: what a full disk refuses is taken back and
 * tried again with the next record. Knows no format: how a record is framed, its owner says.
 */
import { closeSync, fsyncSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

export interface RecordFileOptions {
  readonly path: string;
  /** A record as it stands in the file from `offset` on. */
  readonly frame: (record: Uint8Array, offset: number) => Uint8Array;
  /** What the file begins with. */
  readonly head?: Uint8Array;
  /** Bytes of a file that is already there, all of them good; whatever follows is cut off. Default: none. */
  readonly keptBytes?: number;
  /** Bytes of records that wait for a disk that takes them; beyond it the newest go: readers need the first. */
  readonly maxPendingBytes?: number;
}

const MAX_PENDING_BYTES = 4 * 2 ** 20;

export class RecordFile {
  readonly #options: RecordFileOptions;
  #file: number | null = null;
  /** Length of what is surely good. */
  #length: number;
  readonly #pending: Uint8Array[] = [];

  constructor(options: RecordFileOptions) {
    this.#options = options;
    this.#length = options.keptBytes ?? 0;
  }

  /** On disk when it returns. Throws what the disk says; the records are then kept for the next call. */
  append(...records: readonly Uint8Array[]): void {
    // Copies: an encoder may go on writing into its buffer.
    this.#pending.push(...records.map((record) => record.slice()));
    try {
      this.#flush();
    } catch (error) {
      this.#giveUpBeyondBound();
      throw error;
    }
  }

  close(): void {
    if (this.#file === null) return;
    const file = this.#file;
    this.#file = null;
    closeSync(file);
  }

  #flush(): void {
    const file = this.#open();
    const parts = this.#length === 0 ? [this.#options.head ?? new Uint8Array()] : [];
    let end = this.#length + (parts[0]?.length ?? 0);
    for (const record of this.#pending) {
      const framed = this.#options.frame(record, end);
      parts.push(framed);
      end += framed.length;
    }
    try {
      writeWhole(file, Buffer.concat(parts), this.#length);
      fsyncSync(file);
    } catch (error) {
      this.#takeBack(file);
      throw error;
    }
    this.#length = end;
    this.#pending.length = 0;
  }

  #giveUpBeyondBound(): void {
    const most = this.#options.maxPendingBytes ?? MAX_PENDING_BYTES;
    let bytes = 0;
    const first = this.#pending.findIndex((record) => {
      bytes += record.length;
      return bytes > most;
    });
    if (first !== -1) this.#pending.length = first;
  }

  #open(): number {
    if (this.#file !== null) return this.#file;
    const { path } = this.#options;
    mkdirSync(dirname(path), { recursive: true });
    const file = openSync(path, this.#length === 0 ? 'w' : 'r+');
    this.#file = file;
    ftruncateSync(file, this.#length);
    return file;
  }

  /** Readers must not find half a record; where even that fails, the next write overwrites it. */
  #takeBack(file: number): void {
    try {
      ftruncateSync(file, this.#length);
    } catch {
      // The failure that led here is the one to report.
    }
  }
}

function writeWhole(file: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(file, bytes, done, bytes.length - done, position + done);
  }
}
