/**
 * The Communicator's terms to and from the generated protobuf types. Knows no service and no transport.
 */
import type { OperationInput, Operation as WireOperation } from '../api/generated/ppo/v1/Operation.ts';
import type { OperationKind as WireKind } from '../api/generated/ppo/v1/OperationKind.ts';
import { CommunicatorError, DATA_TYPES, type Operation, type OperationKind, REDUCE_OPS } from './communicator.ts';

const WIRE_KINDS: Record<OperationKind, WireKind> = {
  broadcast: 'BROADCAST',
  allReduce: 'ALL_REDUCE',
  allGather: 'ALL_GATHER',
  reduceScatter: 'REDUCE_SCATTER',
  send: 'SEND',
  receive: 'RECEIVE',
  barrier: 'BARRIER',
};
const KINDS = new Map(Object.entries(WIRE_KINDS).map(([kind, wire]) => [wire as string, kind as OperationKind]));

export function encodeOperation(operation: Operation): OperationInput {
  return {
    kind: WIRE_KINDS[operation.kind],
    send: operation.send,
    receive: operation.receive,
    count: operation.count,
    dataType: DATA_TYPES.indexOf(operation.dataType) as NonNullable<OperationInput['dataType']>,
    reduceOp: REDUCE_OPS.indexOf(operation.op) as NonNullable<OperationInput['reduceOp']>,
    peer: operation.peer,
  };
}

/** Throws INVALID_ARGUMENT for a kind, data type or reduction that isn't known; values are checked elsewhere. */
export function decodeOperation(wire: WireOperation): Operation {
  return {
    kind: known(KINDS.get(wire.kind), 'kind', wire.kind),
    send: wire.send,
    receive: wire.receive,
    count: wire.count,
    dataType: known(
      DATA_TYPES.find((name) => name.toUpperCase() === wire.dataType),
      'data_type',
      wire.dataType,
    ),
    op: known(
      REDUCE_OPS.find((name) => name.toUpperCase() === wire.reduceOp),
      'reduce_op',
      wire.reduceOp,
    ),
    peer: wire.peer,
  };
}

// An enum number that the .proto lacks arrives as that number.
function known<T>(value: T | undefined, field: string, found: unknown): T {
  if (value !== undefined) return value;
  throw new CommunicatorError('INVALID_ARGUMENT', `operation.${field}: found ${String(found)}, which is not known`);
}
