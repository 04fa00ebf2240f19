/**
 * What a process group can do, in NCCL's terms: the same collectives, data types, reductions and result codes, plus the
 * timeout that NCCL lacks. Knows neither how bytes travel nor who holds the memory.
 */
import type { Result } from '../api/generated/ppo/v1/Result.ts';

export type { Result };
export type FailureCode = Exclude<Result, 'SUCCESS'>;

export const DATA_TYPES = [
  'int8',
  'uint8',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'float16',
  'float32',
  'float64',
  'bfloat16',
] as const;
/** In the order of ncclDataType_t. */
export type DataType = (typeof DATA_TYPES)[number];

export const REDUCE_OPS = ['sum', 'prod', 'max', 'min', 'avg'] as const;
/** In the order of ncclRedOp_t. */
export type ReduceOp = (typeof REDUCE_OPS)[number];

export type OperationKind = 'broadcast' | 'allReduce' | 'allGather' | 'reduceScatter' | 'send' | 'receive' | 'barrier';

/** Where in the shared folder an operation's bytes begin; how many follow from count and data type. */
export interface BufferRange {
  /** A SharedBuffer's file in PPO_SHARED_DIR: a plain file name. */
  readonly name: string;
  readonly offsetBytes: number;
}

/** One operation of a group call. Build it with the functions of operations.ts. */
export interface Operation {
  readonly kind: OperationKind;
  /** Null where this rank has nothing to send. In place where it equals `receive` (see operation-check.ts). */
  readonly send: BufferRange | null;
  readonly receive: BufferRange | null;
  /** Elements, with NCCL's meaning: per rank for allGather (sent) and reduceScatter (received). */
  readonly count: number;
  readonly dataType: DataType;
  /** Read by allReduce and reduceScatter alone. */
  readonly op: ReduceOp;
  /** Root of a broadcast, peer of send and receive. */
  readonly peer: number;
}

interface Deadline {
  /** The whole operation's time, waiting for the other ranks included. */
  readonly timeoutMs: number;
}
interface Elements extends Deadline {
  readonly count: number;
  readonly dataType: DataType;
}
export interface BroadcastOptions extends Elements {
  /** In place on every rank. */
  readonly buffer: BufferRange;
  readonly root: number;
}
export interface AllReduceOptions extends Elements {
  /** In place. */
  readonly buffer: BufferRange;
  readonly op: ReduceOp;
}
export interface AllGatherOptions extends Elements {
  /** `count` elements; in place where it lies at rank * count elements of `receive`. */
  readonly send: BufferRange;
  /** worldSize * `count` elements, in order of rank. */
  readonly receive: BufferRange;
}
export interface ReduceScatterOptions extends Elements {
  /** worldSize * `count` elements. */
  readonly send: BufferRange;
  /** `count` elements; in place where it lies at rank * count elements of `send`. */
  readonly receive: BufferRange;
  readonly op: ReduceOp;
}
export interface PointToPointOptions extends Elements {
  readonly buffer: BufferRange;
  readonly peer: number;
}
export type BarrierOptions = Deadline;
export type RunOptions = Deadline;

export interface RunResult {
  readonly seconds: number;
  /** Sent by this rank. */
  readonly bytes: number;
}

/**
 * One rank of a process group. Every method rejects with CommunicatorError. Calls on one communicator run one after the
 * other; every rank must make the same collective calls in the same order. INVALID_ARGUMENT leaves the communicator
 * usable; any other failure ends it for all ranks, and it must be aborted.
 */
export interface Communicator {
  readonly rank: number;
  readonly worldSize: number;
  broadcast(options: BroadcastOptions): Promise<void>;
  allReduce(options: AllReduceOptions): Promise<void>;
  allGather(options: AllGatherOptions): Promise<void>;
  reduceScatter(options: ReduceScatterOptions): Promise<void>;
  send(options: PointToPointOptions): Promise<void>;
  receive(options: PointToPointOptions): Promise<void>;
  barrier(options: BarrierOptions): Promise<void>;
  /** A group call (ncclGroupStart .. ncclGroupEnd): all operations progress together. */
  run(operations: readonly Operation[], options: RunOptions): Promise<RunResult>;
  /** Ends the communicator now; operations under way fail here and at every peer with REMOTE_ERROR. */
  abort(): Promise<void>;
  /** Ends the communicator in good order: no operation may be under way on this rank. */
  destroy(): Promise<void>;
}

/** A failed operation. `code` is NCCL's, or TIMEOUT; `message` is fit for a user. */
export class CommunicatorError extends Error {
  readonly code: FailureCode;
  constructor(code: FailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'CommunicatorError';
    this.code = code;
  }
}

/** Turns anything thrown into a CommunicatorError; what is none yet becomes INTERNAL_ERROR. */
export function toCommunicatorError(error: unknown): CommunicatorError {
  if (error instanceof CommunicatorError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new CommunicatorError('INTERNAL_ERROR', message, { cause: error });
}
