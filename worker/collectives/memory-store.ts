/**
 * Where a communicator finds the memory behind a buffer's name. Knows no operation.
 */

/** A buffer that stays mapped until released. */
export interface MemoryLease<Memory> {
  readonly byteLength: number;
  slice(offsetBytes: number, numBytes: number): Memory;
  release(): void;
}

export interface MemoryStore<Memory> {
  /** Null where there is no buffer of that name. Throws CommunicatorError where it can't be mapped. */
  lease(name: string): MemoryLease<Memory> | null;
}
