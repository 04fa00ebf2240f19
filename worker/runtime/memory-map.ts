// mmap of an open file through koffi: the few C calls and constants of POSIX that Node doesn't offer. Knows no files.
import koffi from 'koffi';
import { RuntimeError } from './runtime-error.ts';

// sys/mman.h: the same values on Linux and Darwin.
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_FAILED = BigInt.asUintN(64, -1n);

type NativeFunction = (...args: unknown[]) => unknown;
interface MemoryCalls {
  readonly mmap: NativeFunction;
  readonly munmap: NativeFunction;
}

let calls: MemoryCalls | undefined;

function memoryCalls(): MemoryCalls {
  if (calls !== undefined) return calls;
  const libc = koffi.load(null);
  calls = {
    mmap: libc.func('uintptr_t mmap(void *at, size_t bytes, int protection, int flags, int fd, int64_t offset)'),
    munmap: libc.func('int munmap(uintptr_t at, size_t bytes)'),
  };
  return calls;
}

export interface MemoryMap {
  /** Lies outside V8's memory; unusable after unmap(), and never to be transferred. */
  readonly buffer: ArrayBuffer;
  unmap(): void;
}

/** Maps the first `byteLength` bytes of an open file, shared and writable. Throws SHARED_MEMORY. */
export function mapFile(fd: number, byteLength: number): MemoryMap {
  const { mmap, munmap } = memoryCalls();
  const at = BigInt(mmap(null, byteLength, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) as number | bigint);
  if (at === MAP_FAILED) {
    throw new RuntimeError('SHARED_MEMORY', `mmap of ${byteLength} bytes failed: ${errnoName()}`);
  }
  return { buffer: koffi.view(at, byteLength), unmap: () => void munmap(at, byteLength) };
}

function errnoName(): string {
  const errno = koffi.errno();
  const name = Object.entries(koffi.os.errno).find(([, value]) => value === errno)?.[0];
  return name ?? `errno ${errno}`;
}
