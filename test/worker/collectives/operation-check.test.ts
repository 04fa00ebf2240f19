/** Wrong arguments: each refused as INVALID_ARGUMENT, all problems of one operation in one message. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DataType, Operation, ReduceOp } from '../../../worker/collectives/communicator.ts';
import { checkOperation } from '../../../worker/collectives/operation-check.ts';
import {
  allGather,
  allReduce,
  barrier,
  broadcast,
  receive,
  reduceScatter,
  send,
} from '../../../worker/collectives/operations.ts';

const ranks = { rank: 1, worldSize: 4 };
const numBytesOf = (name: string): number | null => (name === 'data' ? 1024 : null);
const at = (offsetBytes: number, name = 'data') => ({ name, offsetBytes });
const floats = { count: 8, dataType: 'float32' } as const;

const wrong: readonly [name: string, operation: Operation, message: RegExp][] = [
  [
    'a fraction of an element',
    broadcast({ ...floats, count: 1.5, send: null, receive: at(0), root: 0 }),
    /count: found 1.5/,
  ],
  ['a negative count', send({ ...floats, count: -1, buffer: at(0), peer: 0 }), /count: found -1/],
  ['an endless count', send({ ...floats, count: Infinity, buffer: at(0), peer: 0 }), /count: found Infinity/],
  ['a root outside', broadcast({ ...floats, send: null, receive: at(0), root: 4 }), /root: found 4, expected 0\.\.3/],
  ['itself as peer', receive({ ...floats, buffer: at(0), peer: 1 }), /peer: found 1, which is this rank itself/],
  ['a misaligned offset', send({ ...floats, buffer: at(2), peer: 0 }), /offset 2, expected a multiple of 4/],
  ['a negative offset', send({ ...floats, buffer: at(-4), peer: 0 }), /offset -4/],
  [
    'a range past the end',
    send({ ...floats, buffer: at(1000), peer: 0 }),
    /32 bytes at offset 1000, the buffer ends at 1024/,
  ],
  ['an unknown buffer', send({ ...floats, buffer: at(0, 'nothing'), peer: 0 }), /"nothing": there is no such buffer/],
  [
    'no buffer',
    { ...send({ ...floats, buffer: at(0), peer: 0 }), send: null },
    /send: found no buffer, expected 32 bytes/,
  ],
  ['a gather too large', allGather({ ...floats, count: 80, send: at(0), receive: at(0) }), /1280 bytes at offset 0/],
  ['a half overlap', allReduce({ ...floats, send: at(0), receive: at(16), op: 'sum' }), /overlap/],
  ['a gather over the wrong part', allGather({ ...floats, send: at(0), receive: at(0) }), /overlap/],
  [
    'an unknown data type',
    allReduce({ ...floats, dataType: 'float8' as DataType, send: at(0), receive: at(0), op: 'sum' }),
    /data type: found float8/,
  ],
  [
    'an unknown reduction',
    allReduce({ ...floats, send: at(0), receive: at(0), op: 'xor' as ReduceOp }),
    /reduction: found xor/,
  ],
];
for (const [name, operation, message] of wrong) {
  test(`refused: ${name}`, () => {
    assert.throws(() => checkOperation(operation, ranks, numBytesOf), { code: 'INVALID_ARGUMENT', message });
  });
}

test('all problems are told at once', () => {
  const operation = send({ count: 0.5, dataType: 'float32', buffer: at(0), peer: 9 });
  assert.throws(() => checkOperation(operation, ranks, numBytesOf), {
    message: 'send: count: found 0.5, expected a whole number of elements; peer: found 9, expected 0..3',
  });
  const apart = allReduce({ ...floats, send: at(1), receive: at(0, 'none'), op: 'sum' });
  assert.throws(() => checkOperation(apart, ranks, numBytesOf), { message: /offset 1, .*; receive "none"/ });
});

test("what each kind needs, by NCCL's meaning of count", () => {
  const needs = (operation: Operation) => Object.values(checkOperation(operation, ranks, numBytesOf));
  assert.deepEqual(needs(broadcast({ ...floats, send: null, receive: at(0), root: 0 })), [null, 32, false]);
  assert.deepEqual(needs(broadcast({ ...floats, send: at(0), receive: at(0), root: 1 })), [32, 32, true]);
  assert.deepEqual(needs(allReduce({ ...floats, send: at(0), receive: at(32), op: 'sum' })), [32, 32, false]);
  assert.deepEqual(needs(allGather({ ...floats, send: at(32), receive: at(0) })), [32, 128, true]);
  assert.deepEqual(needs(allGather({ ...floats, send: at(128), receive: at(0) })), [32, 128, false]);
  assert.deepEqual(needs(reduceScatter({ ...floats, send: at(64), receive: at(96), op: 'min' })), [128, 32, true]);
  assert.deepEqual(needs(send({ ...floats, buffer: at(992), peer: 0 })), [32, null, false]);
  assert.deepEqual(needs(barrier()), [null, null, false]);
});
