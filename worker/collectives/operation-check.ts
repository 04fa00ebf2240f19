/**
 * Checks an operation before any memory is touched: every problem at once, as INVALID_ARGUMENT. Says how many bytes it
 * needs on each side, by NCCL's meaning of count. Knows no transport.
 */
import {
  type BufferRange,
  CommunicatorError,
  DATA_TYPES,
  type Operation,
  type OperationKind,
  REDUCE_OPS,
} from './communicator.ts';
import { ELEMENT_BYTES } from './data-type.ts';

export interface Ranks {
  readonly rank: number;
  readonly worldSize: number;
}

/** What an operation reads and writes on this rank; null where it does neither. */
export interface MemoryNeeds {
  readonly sendBytes: number | null;
  readonly receiveBytes: number | null;
  readonly isInPlace: boolean;
}

const KINDS_WITH_PEER: readonly OperationKind[] = ['broadcast', 'send', 'receive'];
const REDUCTIONS: readonly OperationKind[] = ['allReduce', 'reduceScatter'];

/** `numBytesOf` gives a buffer's size, or null where there is none of that name. Throws INVALID_ARGUMENT. */
export function checkOperation(
  operation: Operation,
  ranks: Ranks,
  numBytesOf: (name: string) => number | null,
): MemoryNeeds {
  const problems = [...checkNumbers(operation, ranks)];
  const { sendBytes, receiveBytes } = needsOf(operation, ranks);
  // Without sound numbers the ranges can't be judged.
  if (problems.length === 0) {
    const elementBytes = ELEMENT_BYTES[operation.dataType];
    const check = (side: 'send' | 'receive', bytes: number | null) =>
      checkRange(operation[side], { side, bytes, elementBytes, numBytesOf });
    problems.push(...check('send', sendBytes), ...check('receive', receiveBytes));
  }
  const inPlace = problems.length === 0 ? placementOf(operation, ranks, { sendBytes, receiveBytes }) : 'apart';
  if (inPlace === 'overlapping') {
    problems.push('send and receive overlap; expected apart, or in place as NCCL defines it');
  }
  if (problems.length > 0) {
    throw new CommunicatorError('INVALID_ARGUMENT', `${operation.kind}: ${problems.join('; ')}`);
  }
  return { sendBytes, receiveBytes, isInPlace: inPlace === 'in place' };
}

function needsOf({ kind, count, dataType, peer }: Operation, { rank, worldSize }: Ranks) {
  const one = count * ELEMENT_BYTES[dataType];
  const all = one * worldSize;
  switch (kind) {
    case 'broadcast':
      return { sendBytes: rank === peer ? one : null, receiveBytes: one };
    case 'allReduce':
      return { sendBytes: one, receiveBytes: one };
    case 'allGather':
      return { sendBytes: one, receiveBytes: all };
    case 'reduceScatter':
      return { sendBytes: all, receiveBytes: one };
    case 'send':
      return { sendBytes: one, receiveBytes: null };
    case 'receive':
      return { sendBytes: null, receiveBytes: one };
    case 'barrier':
      return { sendBytes: null, receiveBytes: null };
  }
}

function* checkNumbers(operation: Operation, { rank, worldSize }: Ranks): Generator<string> {
  const { kind, count, dataType, op, peer } = operation;
  if (!isSize(count)) yield `count: found ${count}, expected a whole number of elements`;
  if (!DATA_TYPES.includes(dataType)) yield `data type: found ${String(dataType)}`;
  if (REDUCTIONS.includes(kind) && !REDUCE_OPS.includes(op)) yield `reduction: found ${String(op)}`;
  if (!KINDS_WITH_PEER.includes(kind)) return;
  const name = kind === 'broadcast' ? 'root' : 'peer';
  if (!isSize(peer) || peer >= worldSize) yield `${name}: found ${peer}, expected 0..${worldSize - 1}`;
  else if (kind !== 'broadcast' && peer === rank) yield `peer: found ${peer}, which is this rank itself`;
}

interface RangeRule {
  readonly side: 'send' | 'receive';
  readonly bytes: number | null;
  readonly elementBytes: number;
  readonly numBytesOf: (name: string) => number | null;
}

function* checkRange(range: BufferRange | null, rule: RangeRule): Generator<string> {
  const { side, bytes, elementBytes } = rule;
  if (bytes === null) return;
  if (range === null) {
    yield `${side}: found no buffer, expected ${bytes} bytes`;
    return;
  }
  const where = `${side} "${range.name}"`;
  const size = rule.numBytesOf(range.name);
  if (size === null) yield `${where}: there is no such buffer in the shared folder`;
  if (!isSize(range.offsetBytes) || range.offsetBytes % elementBytes !== 0) {
    yield `${where}: found offset ${range.offsetBytes}, expected a multiple of ${elementBytes} bytes`;
  } else if (size !== null && range.offsetBytes + bytes > size) {
    yield `${where}: found ${bytes} bytes at offset ${range.offsetBytes}, the buffer ends at ${size}`;
  }
}

type Placement = 'in place' | 'apart' | 'overlapping';

function placementOf(
  operation: Operation,
  { rank }: Ranks,
  needs: { sendBytes: number | null; receiveBytes: number | null },
): Placement {
  const { send, receive } = operation;
  const { sendBytes, receiveBytes } = needs;
  if (send === null || receive === null || sendBytes === null || receiveBytes === null) return 'apart';
  if (send.name !== receive.name) return 'apart';
  // This rank's part of the larger side: at 0 for operations whose sides are equal.
  const part = Math.min(sendBytes, receiveBytes) * rank;
  const sendAt = send.offsetBytes + (sendBytes > receiveBytes ? part : 0);
  const receiveAt = receive.offsetBytes + (receiveBytes > sendBytes ? part : 0);
  if (sendAt === receiveAt) return 'in place';
  const isApart =
    send.offsetBytes + sendBytes <= receive.offsetBytes || receive.offsetBytes + receiveBytes <= send.offsetBytes;
  return isApart ? 'apart' : 'overlapping';
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
