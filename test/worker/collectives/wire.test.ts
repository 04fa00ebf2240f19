/** Operations survive gRPC; numbers that the .proto lacks are refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Operation as WireOperation } from '../../../worker/api/generated/ppo/v1/Operation.ts';
import { DATA_TYPES, type Operation, REDUCE_OPS } from '../../../worker/collectives/communicator.ts';
import { decodeOperation, encodeOperation } from '../../../worker/collectives/wire.ts';
import { definitions } from '../../../worker/service/protos.ts';

const { requestSerialize, requestDeserialize } = definitions.Communicator.service.Run;

function overTheWire(operation: Operation): WireOperation {
  const bytes = requestSerialize({ comm: 'c', operations: [encodeOperation(operation)], timeoutSeconds: 1 });
  return requestDeserialize(bytes).operations[0]!;
}

test('every kind, data type and reduction survives', () => {
  const kinds = ['broadcast', 'allReduce', 'allGather', 'reduceScatter', 'send', 'receive', 'barrier'] as const;
  const buffer = { name: 'weights', offsetBytes: 2 ** 40 };
  for (const kind of kinds) {
    for (const dataType of DATA_TYPES) {
      for (const op of REDUCE_OPS) {
        const operation = { kind, send: buffer, receive: null, count: 2 ** 33, dataType, op, peer: 3 };
        assert.deepEqual(decodeOperation(overTheWire(operation)), operation);
      }
    }
  }
});

test('what is not known is refused', () => {
  const sound = overTheWire({
    kind: 'barrier',
    send: null,
    receive: null,
    count: 0,
    dataType: 'int8',
    op: 'sum',
    peer: 0,
  });
  const code = 'INVALID_ARGUMENT';
  assert.throws(() => decodeOperation({ ...sound, kind: 'OPERATION_UNSPECIFIED' }), {
    code,
    message: /kind: found OPERATION_UNSPECIFIED/,
  });
  // As a newer peer's enum arrives.
  const newer = 42 as unknown as WireOperation['dataType'];
  assert.throws(() => decodeOperation({ ...sound, dataType: newer }), { code, message: /data_type: found 42/ });
});
