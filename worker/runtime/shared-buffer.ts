// Memory that several processes of one machine share: a file in a folder, normally on a tmpfs, mapped by each of them.
// Refuses to know what is stored in it and who may write when.
import { closeSync, constants, fstatSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type MemoryMap, mapFile } from './memory-map.ts';
import { DisposedError, RuntimeError } from './runtime-error.ts';

const ZERO_CHUNK_BYTES = 2 ** 20;

/** A file in the folder, never a path out of it: names arrive over the network. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/**
 * Owns one mapping. The mapping outlives the file's unlink; who created the file removes it. After dispose() the
 * memory is gone: typed arrays over `buffer` must not be touched any more, not even read, by JavaScript or native code.
 */
export class SharedBuffer {
  readonly name: string;
  readonly byteLength: number;
  #map: MemoryMap | null;

  private constructor(name: string, byteLength: number, map: MemoryMap) {
    this.name = name;
    this.byteLength = byteLength;
    this.#map = map;
  }

  /**
   * Creates the file, filled with zeros. Throws SHARED_MEMORY when it exists, the folder has no room for it or
   * `byteLength` isn't a positive integer.
   */
  static create(directory: string, name: string, byteLength: number): SharedBuffer {
    if (!Number.isSafeInteger(byteLength) || byteLength <= 0) {
      throw new RuntimeError(
        'SHARED_MEMORY',
        `shared buffer "${name}": found ${byteLength} bytes, expected at least 1`,
      );
    }
    return withFile(directory, name, constants.O_CREAT | constants.O_EXCL | constants.O_RDWR, (fd) => {
      try {
        fillWithZeros(fd, byteLength);
        return new SharedBuffer(name, byteLength, mapFile(fd, byteLength));
      } catch (error) {
        rmSync(join(directory, name), { force: true });
        throw error;
      }
    });
  }

  /** Maps a file that exists; its size is the buffer's. Throws SHARED_MEMORY when it is missing or empty. */
  static open(directory: string, name: string): SharedBuffer {
    return withFile(directory, name, constants.O_RDWR, (fd) => {
      const byteLength = fstatSync(fd).size;
      if (byteLength === 0) throw new RuntimeError('SHARED_MEMORY', 'found 0 bytes, expected a created buffer');
      return new SharedBuffer(name, byteLength, mapFile(fd, byteLength));
    });
  }

  /** May be wrapped by typed arrays; never transferred. Throws DisposedError after dispose(). */
  get buffer(): ArrayBuffer {
    if (this.#map === null) throw new DisposedError(`shared buffer "${this.name}"`);
    return this.#map.buffer;
  }

  /** Unmaps; the file stays. */
  dispose(): void {
    this.#map?.unmap();
    this.#map = null;
  }
}

/**
 * Written, not just truncated to its size: a folder in memory that is too small (64 MB in many containers) then says
 * ENOSPC here, and doesn't end the process with SIGBUS when the pages are touched.
 */
function fillWithZeros(fd: number, byteLength: number): void {
  const zeros = new Uint8Array(Math.min(byteLength, ZERO_CHUNK_BYTES));
  let written = 0;
  while (written < byteLength) written += writeSync(fd, zeros, 0, Math.min(zeros.length, byteLength - written));
}

function withFile<T>(directory: string, name: string, flags: number, use: (fd: number) => T): T {
  const path = join(directory, name);
  if (!NAME.test(name)) {
    throw new RuntimeError(
      'SHARED_MEMORY',
      `shared buffer name: found ${JSON.stringify(name)}, expected ${NAME.source}`,
    );
  }
  let fd: number | undefined;
  try {
    fd = openSync(path, flags, 0o600);
    return use(fd);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new RuntimeError('SHARED_MEMORY', `shared buffer ${path}: ${reason}`, { cause: error });
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
