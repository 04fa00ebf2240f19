/**
 * Two buffers for weights in the folder that the worker shares with its sidecar: one is decoded from, the other is
 * received into. Knows nothing of how weights travel or who decodes.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as othersServed } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { SharedBuffer } from '../runtime/shared-buffer.ts';

const NAMES = ['weights-0', 'weights-1'];
/** About a millisecond's work between two looks at other calls. */
const CHECKSUM_CHUNK_BYTES = 2 ** 20;

export class WeightSlots {
  readonly names: readonly string[] = NAMES;
  readonly #directory: string;
  readonly #buffers: readonly SharedBuffer[];
  readonly #numElements: number;
  #inUse = 0;

  /** Creates both buffers, `numElements` float32 each; what an earlier container of the pod left behind is replaced. */
  constructor(directory: string, numElements: number) {
    this.#directory = directory;
    this.#numElements = numElements;
    this.#buffers = NAMES.map((name) => {
      rmSync(join(directory, name), { force: true });
      return SharedBuffer.create(directory, name, numElements * Float32Array.BYTES_PER_ELEMENT);
    });
  }

  get numElements(): number {
    return this.#numElements;
  }

  /** The slot that is not decoded from. */
  get free(): number {
    return 1 - this.#inUse;
  }

  /** The slot is decoded from, the other one is free. */
  use(slot: number): void {
    this.#inUse = slot;
  }

  /** [numElements], flat in layout order. */
  view(slot: number): Float32Array {
    return new Float32Array(this.#buffers[slot]!.buffer, 0, this.#numElements);
  }

  /** CRC-32 of a slot's bytes, computed in pieces so that other calls are served in between. */
  async checksum(slot: number): Promise<number> {
    const { buffer } = this.#buffers[slot]!;
    let checksum = 0;
    for (let start = 0; start < buffer.byteLength; start += CHECKSUM_CHUNK_BYTES) {
      const length = Math.min(CHECKSUM_CHUNK_BYTES, buffer.byteLength - start);
      checksum = crc32(new Uint8Array(buffer, start, length), checksum);
      await othersServed();
    }
    return checksum;
  }

  /** Unmaps and removes both. Nothing may compute on them any more. */
  dispose(): void {
    for (const buffer of this.#buffers) {
      buffer.dispose();
      rmSync(join(this.#directory, buffer.name), { force: true });
    }
  }
}
