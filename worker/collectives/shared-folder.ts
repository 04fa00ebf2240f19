/**
 * The buffers of the folder in memory that worker and sidecar share, mapped when first used and kept mapped: mapping a
 * model's weights anew for each operation would cost more than moving them. Knows no operation.
 */
import { lstatSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { SharedBuffer } from '../runtime/shared-buffer.ts';
import { CommunicatorError } from './communicator.ts';
import type { MemoryLease, MemoryStore } from './memory-store.ts';

/** Buffers beyond it that nobody uses are unmapped, the least recently used first. */
const MAX_IDLE_BUFFERS = 32;

interface Mapping {
  readonly buffer: SharedBuffer;
  /** Tells a file from another of the same name, which a restarted worker makes. */
  readonly fileId: string;
  numLeases: number;
}

export class SharedFolder implements MemoryStore<Uint8Array> {
  readonly #directory: string;
  /** In order of last use. */
  readonly #mappings = new Map<string, Mapping>();
  /** Still leased, but no longer what the name stands for. */
  readonly #stale = new Set<Mapping>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  lease(name: string): MemoryLease<Uint8Array> | null {
    const fileId = this.#fileId(name);
    const known = this.#mappings.get(name);
    if (known !== undefined && known.fileId !== fileId) this.#retire(name, known);
    if (fileId === null) return null;
    const mapping = known?.fileId === fileId ? known : this.#map(name, fileId);
    this.#mappings.delete(name);
    this.#mappings.set(name, mapping);
    mapping.numLeases++;
    this.#trim();
    return this.#leaseOf(mapping);
  }

  /** Unmaps everything; no lease may be out. */
  close(): void {
    for (const { buffer } of [...this.#mappings.values(), ...this.#stale]) buffer.dispose();
    this.#mappings.clear();
    this.#stale.clear();
  }

  #leaseOf(mapping: Mapping): MemoryLease<Uint8Array> {
    let isReleased = false;
    return {
      byteLength: mapping.buffer.byteLength,
      slice: (offsetBytes, numBytes) => new Uint8Array(mapping.buffer.buffer, offsetBytes, numBytes),
      release: () => {
        if (isReleased) return;
        isReleased = true;
        mapping.numLeases--;
        if (mapping.numLeases === 0 && this.#stale.delete(mapping)) mapping.buffer.dispose();
      },
    };
  }

  #map(name: string, fileId: string): Mapping {
    try {
      return { buffer: SharedBuffer.open(this.#directory, name), fileId, numLeases: 0 };
    } catch (error) {
      throw new CommunicatorError('SYSTEM_ERROR', `mapping buffer "${name}" failed: ${String(error)}`, {
        cause: error,
      });
    }
  }

  #retire(name: string, mapping: Mapping): void {
    this.#mappings.delete(name);
    if (mapping.numLeases === 0) mapping.buffer.dispose();
    else this.#stale.add(mapping);
  }

  #trim(): void {
    for (const [name, mapping] of this.#mappings) {
      if (this.#mappings.size <= MAX_IDLE_BUFFERS) return;
      if (mapping.numLeases === 0) this.#retire(name, mapping);
    }
  }

  /** Null where the name is no plain file of the folder: names come from the network. */
  #fileId(name: string): string | null {
    if (name === '' || name.includes('/') || name.includes('\0') || name.startsWith('.')) return null;
    const stats: Stats | undefined = lstatSync(join(this.#directory, name), { throwIfNoEntry: false });
    if (stats === undefined || !stats.isFile() || stats.size === 0) return null;
    return `${stats.dev}:${stats.ino}:${stats.size}`;
  }
}
