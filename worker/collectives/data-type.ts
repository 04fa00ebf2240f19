/**
 * The bytes of each data type, and a typed array over them. Knows no operation.
 */
import type { DataType } from './communicator.ts';

export type NumberArray =
  | Int8Array
  | Uint8Array
  | Int32Array
  | Uint32Array
  | Float16Array
  | Float32Array
  | Float64Array;
export type BigIntArray = BigInt64Array | BigUint64Array;

type View<A> = (buffer: ArrayBufferLike, byteOffset: number, length: number) => A;

export const ELEMENT_BYTES: Readonly<Record<DataType, number>> = {
  int8: 1,
  uint8: 1,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  float16: 2,
  float32: 4,
  float64: 8,
  bfloat16: 2,
};

/** bfloat16 has no typed array: see bfloat16.ts. */
export const NUMBER_VIEWS: Readonly<Record<Exclude<DataType, 'int64' | 'uint64' | 'bfloat16'>, View<NumberArray>>> = {
  int8: (...at) => new Int8Array(...at),
  uint8: (...at) => new Uint8Array(...at),
  int32: (...at) => new Int32Array(...at),
  uint32: (...at) => new Uint32Array(...at),
  float16: (...at) => new Float16Array(...at),
  float32: (...at) => new Float32Array(...at),
  float64: (...at) => new Float64Array(...at),
};

export const BIGINT_VIEWS: Readonly<Record<'int64' | 'uint64', View<BigIntArray>>> = {
  int64: (...at) => new BigInt64Array(...at),
  uint64: (...at) => new BigUint64Array(...at),
};
