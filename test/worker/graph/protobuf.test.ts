// Bytes on the wire, against the examples of the format's own documentation.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtoWriter } from '../../../worker/graph/protobuf.ts';

function hex(write: (writer: ProtoWriter) => void): string {
  const writer = new ProtoWriter();
  write(writer);
  return Buffer.from(writer.finish()).toString('hex');
}

test('integers are varints, negative ones in ten bytes', () => {
  assert.equal(
    hex((writer) => writer.int(1, 150)),
    '089601',
  );
  assert.equal(
    hex((writer) => writer.int(1, 0)),
    '0800',
  );
  assert.equal(
    hex((writer) => writer.int(1, -2)),
    '08feffffffffffffffff01',
  );
  assert.equal(
    hex((writer) => writer.int(16, 2 ** 31)),
    '80018080808008',
  );
  assert.equal(
    hex((writer) => writer.int(1, 2n ** 40n)),
    '08808080808020',
  );
});

test('text, messages and floats carry their length or their four bytes', () => {
  assert.equal(
    hex((writer) => writer.text(2, 'testing')),
    '120774657374696e67',
  );
  assert.equal(
    hex((writer) => writer.message(3, (inner) => inner.int(1, 150))),
    '1a03089601',
  );
  assert.equal(
    hex((writer) => writer.float(2, 1.5)),
    '150000c03f',
  );
});

test('the buffer grows with what is written', () => {
  const data = new Uint8Array(100_000).map((_, i) => i);
  const writer = new ProtoWriter();
  writer.int(1, 1);
  writer.bytes(2, data);
  writer.int(3, 3);
  const bytes = writer.finish();
  assert.equal(bytes.length, 2 + 4 + data.length + 2);
  assert.deepEqual(bytes.slice(6, -2), data);
});
