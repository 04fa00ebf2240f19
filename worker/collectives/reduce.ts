/**
 * Elementwise reductions: out[i] = received[i] op local[i] for each data type. Integers wrap as in C; half types compute
 * in float32 or wider and round after every step; max and min propagate NaN; avg is a sum whose last step divides by the
 * world size (integers truncate towards zero). Knows no ring and no network.
 */
import { decodeBfloat16, encodeBfloat16 } from './bfloat16.ts';
import type { DataType, ReduceOp } from './communicator.ts';
import { BIGINT_VIEWS, type BigIntArray, ELEMENT_BYTES, NUMBER_VIEWS, type NumberArray } from './data-type.ts';

/** Three ranges of the same length, a whole number of elements, each aligned to the element. `out` may be `local`. */
export interface ReduceOperands {
  readonly out: Uint8Array;
  readonly received: Uint8Array;
  readonly local: Uint8Array;
}

export interface Reduction {
  readonly dataType: DataType;
  readonly op: ReduceOp;
  /** The world size in the last step of an avg, 1 otherwise. */
  readonly divisor: number;
}

type Combine<T> = (received: T, local: T) => T;

const COMBINE_NUMBERS: Record<ReduceOp, Combine<number>> = {
  sum: (a, b) => a + b,
  avg: (a, b) => a + b,
  prod: (a, b) => a * b,
  max: (a, b) => Math.max(a, b),
  min: (a, b) => Math.min(a, b),
};
const COMBINE_BIGINTS: Record<ReduceOp, Combine<bigint>> = {
  sum: (a, b) => a + b,
  avg: (a, b) => a + b,
  prod: (a, b) => a * b,
  // Not Math.max: it takes no bigint.
  max: (a, b) => (a > b ? a : b),
  // Not Math.min: it takes no bigint.
  min: (a, b) => (a < b ? a : b),
};

export function reduce(operands: ReduceOperands, reduction: Reduction): void {
  const { dataType, op, divisor } = reduction;
  const length = operands.out.byteLength / ELEMENT_BYTES[dataType];
  const view = <A>(make: (buffer: ArrayBufferLike, offset: number, length: number) => A): Operands<A> => ({
    out: make(operands.out.buffer, operands.out.byteOffset, length),
    received: make(operands.received.buffer, operands.received.byteOffset, length),
    local: make(operands.local.buffer, operands.local.byteOffset, length),
  });
  if (dataType === 'bfloat16') {
    reduceBfloat16(
      view((...at) => new Uint16Array(...at)),
      COMBINE_NUMBERS[op],
      divisor,
    );
  } else if (dataType === 'int64' || dataType === 'uint64') {
    reduceBigInts(view(BIGINT_VIEWS[dataType]), COMBINE_BIGINTS[op], BigInt(divisor));
  } else {
    const arrays = view(NUMBER_VIEWS[dataType]);
    if (op === 'sum') addNumbers(arrays);
    else reduceNumbers(arrays, isWide(dataType) && op === 'prod' ? Math.imul : COMBINE_NUMBERS[op]);
    if (divisor !== 1) divideNumbers(arrays.out, divisor);
  }
}

interface Operands<A> {
  readonly out: A;
  readonly received: A;
  readonly local: A;
}

/** Types whose product does not fit a double exactly. */
function isWide(dataType: DataType): boolean {
  return dataType === 'int32' || dataType === 'uint32';
}

// The case that training runs on has a loop of its own, which the compiler turns into plain machine code.
function addNumbers({ out, received, local }: Operands<NumberArray>): void {
  const length = out.length;
  for (let i = 0; i < length; i++) out[i] = received[i]! + local[i]!;
}

function reduceNumbers({ out, received, local }: Operands<NumberArray>, combine: Combine<number>): void {
  for (let i = 0; i < out.length; i++) out[i] = combine(received[i]!, local[i]!);
}

// Storing into an integer array truncates towards zero by itself.
function divideNumbers(out: NumberArray, divisor: number): void {
  for (let i = 0; i < out.length; i++) out[i] = out[i]! / divisor;
}

function reduceBigInts(
  { out, received, local }: Operands<BigIntArray>,
  combine: Combine<bigint>,
  divisor: bigint,
): void {
  for (let i = 0; i < out.length; i++) {
    out[i] = combine(received[i]!, local[i]!);
    if (divisor !== 1n) out[i] = out[i]! / divisor;
  }
}

function reduceBfloat16(
  { out, received, local }: Operands<Uint16Array>,
  combine: Combine<number>,
  divisor: number,
): void {
  for (let i = 0; i < out.length; i++) {
    const combined = encodeBfloat16(combine(decodeBfloat16(received[i]!), decodeBfloat16(local[i]!)));
    out[i] = divisor === 1 ? combined : encodeBfloat16(decodeBfloat16(combined) / divisor);
  }
}
