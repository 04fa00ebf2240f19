/** What the writer writes, the reader reads; and bytes that are no message are refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtoWriter } from '../../../worker/graph/protobuf.ts';
import { findBytes, findField, findInt, findText, readFields } from '../../../worker/graph/protobuf-reader.ts';

function message(): Uint8Array {
  const writer = new ProtoWriter();
  writer.int(1, 300);
  writer.int(2, -5);
  writer.double(3, 0.1);
  writer.float(4, 0.5);
  writer.text(5, 'é');
  writer.message(600, (inner) => inner.text(1, 'deep'));
  writer.int(1, 2 ** 40);
  return writer.finish().slice();
}

test('every kind of field is found again, the last of a number first', () => {
  const bytes = message();
  assert.deepEqual(
    [...readFields(bytes)].map(({ field }) => field),
    [1, 2, 3, 4, 5, 600, 1],
  );
  assert.equal(findInt(bytes, 1), 2 ** 40);
  assert.equal(findInt(bytes, 2), -5);
  assert.equal(Buffer.from(findBytes(bytes, 3)!).readDoubleLE(), 0.1);
  assert.equal(Buffer.from(findBytes(bytes, 4)!).readFloatLE(), 0.5);
  assert.equal(findText(bytes, 5), 'é');
  assert.equal(findText(findBytes(bytes, 600)!, 1), 'deep');
});

test('what is absent is what decoders take it for', () => {
  assert.equal(findField(message(), 7), null);
  assert.equal(findInt(message(), 7), 0);
  assert.equal(findText(message(), 7), '');
});

test('a message that is cut off is refused wherever that is inside a field', () => {
  const bytes = message();
  const ends = new Set<number>();
  for (const cut of bytes.keys()) {
    try {
      [...readFields(bytes.subarray(0, cut))];
      ends.add(cut);
    } catch (error) {
      assert.match(String(error), /no message/);
    }
  }
  assert.equal(ends.size, 7);
  assert.throws(() => [...readFields(Uint8Array.of(3))], /wire type 3/);
  assert.throws(() => [...readFields(new Uint8Array(12).fill(255))], /varint has no end/);
});
