/**
 * The seam between a communicator and what moves its bytes. A transport takes whole operations on memory of its own
 * kind, because that is what NCCL takes (device pointers, a group call): TCP on mapped host memory is the first
 * implementation. Knows no buffer names, no gRPC and no wire format.
 */
import type { CommunicatorError, Operation } from './communicator.ts';

/** An operation whose ranges have been checked and turned into memory of exactly the needed length. */
export interface ResolvedOperation<Memory> extends Omit<Operation, 'send' | 'receive'> {
  readonly send: Memory | null;
  readonly receive: Memory | null;
  /** Send and receive are the same memory (at this rank's part, for allGather and reduceScatter): nothing to copy. */
  readonly isInPlace: boolean;
}

export interface JoinOptions {
  /** 128 bytes from createUniqueId() of some rank's transport. */
  readonly uniqueId: Uint8Array;
  readonly rank: number;
  readonly worldSize: number;
  readonly timeoutMs: number;
  /** Gives up joining, with REMOTE_ERROR at the other ranks. */
  readonly signal?: AbortSignal;
}

/** Makes groups. Methods reject with CommunicatorError. */
export interface Transport<Memory> {
  readonly name: string;
  createUniqueId(): Promise<Uint8Array>;
  /** Resolves when every rank has joined. */
  join(options: JoinOptions): Promise<TransportGroup<Memory>>;
  /** Aborts every group. */
  close(): Promise<void>;
}

/** One rank of one communicator. At most one run() at a time. */
export interface TransportGroup<Memory> {
  readonly rank: number;
  readonly worldSize: number;
  /**
   * Runs operations as one group: all progress together. Resolves with the bytes sent. Once it settles, either way, the
   * memory is not touched any more. After a rejection the group is unusable.
   */
  run(operations: readonly ResolvedOperation<Memory>[], options: { readonly timeoutMs: number }): Promise<number>;
  /** Fails the run under way, and every later one, with `error`; peers see REMOTE_ERROR. */
  abort(error: CommunicatorError): void;
  /** Leaves in good order: peers fail only where they still need this rank. */
  destroy(): Promise<void>;
}
