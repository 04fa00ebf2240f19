/** safetensors files: what we write, what others write, and what nobody should have written. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readSafetensorsHeader, SafetensorsReader, writeSafetensors } from '../../../worker/models/safetensors.ts';
import { modelError, temporaryFolder } from './fixtures.ts';

/** A file from a header (JSON value or raw text) and data, as it would lie on disk. */
function writeRaw(context: TestContext, header: unknown, data = new Uint8Array(0), headerLength?: bigint): string {
  const path = join(temporaryFolder(context), 'x.safetensors');
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(headerLength ?? BigInt(json.length));
  writeFileSync(path, Buffer.concat([length, json, data]));
  return path;
}

function readAll(path: string): Record<string, number[]> {
  const reader = new SafetensorsReader(path);
  const all: Record<string, number[]> = {};
  for (const tensor of readSafetensorsHeader(path).values()) {
    const target = new Float32Array(tensor.shape.reduce((a, b) => a * b, 1));
    reader.read(tensor, target);
    all[tensor.name] = [...target];
  }
  reader.close();
  return all;
}

test('what is written is read back bit for bit, and the header is aligned', (t) => {
  const path = join(temporaryFolder(t), 'a.safetensors');
  const tensors = [
    { name: 'b', shape: [2, 2], data: Float32Array.of(1, -0, 3.4e38, 1e-45) },
    { name: 'a', shape: [3], data: Float32Array.of(0.1, 0.2, 0.3) },
    { name: 'scalar', shape: [], data: Float32Array.of(7) },
  ];
  writeSafetensors(path, tensors);
  assert.deepEqual(readAll(path), Object.fromEntries(tensors.map(({ name, data }) => [name, [...data]])));
  const bytes = readFileSync(path);
  assert.equal(bytes.readBigUInt64LE() % 8n, 0n);
  assert.match(bytes.subarray(8, 60).toString(), /^\{"__metadata__":\{"format":"pt"\}/);
  writeSafetensors(`${path}2`, tensors);
  assert.deepEqual(readFileSync(`${path}2`), bytes);
});

test('a view into a larger buffer is written and read in its place', (t) => {
  const path = join(temporaryFolder(t), 'a.safetensors');
  const flat = Float32Array.of(9, 1, 2, 9);
  writeSafetensors(path, [{ name: 'a', shape: [2], data: flat.subarray(1, 3) }]);
  const target = new Float32Array(4);
  const reader = new SafetensorsReader(path);
  reader.read(readSafetensorsHeader(path).get('a')!, target.subarray(2, 4));
  reader.close();
  assert.deepEqual([...target], [0, 0, 1, 2]);
});

test('BF16 is read exactly', (t) => {
  const bits = Uint16Array.of(0x3f80, 0xc000, 0x0000, 0x7f80, 0x0001);
  const header = { a: { dtype: 'BF16', shape: [5], data_offsets: [0, 10] } };
  const path = writeRaw(t, header, new Uint8Array(bits.buffer));
  assert.deepEqual(readAll(path).a, [1, -2, 0, Number.POSITIVE_INFINITY, 2 ** -133]);
});

test('every F16 is read as its value', (t) => {
  const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const header = { a: { dtype: 'F16', shape: [256, 256], data_offsets: [0, 131072] } };
  const values = readAll(writeRaw(t, header, new Uint8Array(bits.buffer))).a!;
  const view = new DataView(new ArrayBuffer(2));
  for (let i = 0; i < bits.length; i++) {
    view.setUint16(0, i);
    // DataView.getFloat16 is newer than the declarations that TypeScript is told to use.
    const expected = (view as unknown as { getFloat16(at: number): number }).getFloat16(0);
    assert.ok(Object.is(values[i], expected), `0x${i.toString(16)}: ${values[i]} is not ${expected}`);
  }
});

test('a tensor larger than one chunk is converted whole', (t) => {
  const count = 9 * 2 ** 20;
  const bits = new Uint16Array(count).map((_, i) => i);
  const header = { a: { dtype: 'BF16', shape: [count], data_offsets: [0, count * 2] } };
  const path = writeRaw(t, header, new Uint8Array(bits.buffer));
  const target = new Float32Array(count);
  const reader = new SafetensorsReader(path);
  reader.read(readSafetensorsHeader(path).get('a')!, target);
  reader.close();
  const read = new Uint32Array(target.buffer);
  for (const i of [0, 1, 8388607, 8388608, count - 1]) assert.equal(read[i], (bits[i]! << 16) >>> 0);
});

test('integer tensors are known but not read as parameters', (t) => {
  const path = writeRaw(t, { a: { dtype: 'I64', shape: [1], data_offsets: [0, 8] } }, new Uint8Array(8));
  const info = readSafetensorsHeader(path).get('a')!;
  const reader = new SafetensorsReader(path);
  t.after(() => reader.close());
  // F32 elements of the same byte count would be another size; ask with the tensor's own.
  assert.match(
    modelError(() => reader.read(info, new Float32Array(1))).message,
    /dtype I64; allowed: F32, F16 or BF16/,
  );
});

const tensor = (change: object) => ({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...change } });
const MALFORMED: [name: string, header: unknown, dataBytes: number, headerLength?: bigint][] = [
  ['a header longer than the file', {}, 0, 1n << 60n],
  ['a header longer than the limit', {}, 0, 100_000_001n],
  ['no JSON', '{"a"', 0],
  ['not an object', '[1]', 0],
  ['invalid UTF-8 is no JSON', Buffer.from([0xff, 0xfe]).toString('latin1'), 0],
  ['an unknown dtype', tensor({ dtype: 'F99' }), 8],
  ['a dtype from the prototype', tensor({ dtype: 'toString' }), 8],
  ['a negative size', tensor({ shape: [-2] }), 8],
  ['a fractional size', tensor({ shape: [0.5, 4] }), 8],
  ['a shape that overflows', tensor({ shape: [2 ** 40, 2 ** 40] }), 8],
  ['offsets of another size', tensor({ shape: [3] }), 8],
  ['offsets reversed', tensor({ data_offsets: [8, 0] }), 8],
  ['offsets past the end', tensor({ data_offsets: [8, 16] }), 8],
  ['a file that was cut', tensor({}), 7],
  ['data that no tensor claims', tensor({}), 9],
  ['a hole', { ...tensor({}), b: { dtype: 'F32', shape: [1], data_offsets: [12, 16] } }, 16],
  ['an overlap', { ...tensor({}), b: { dtype: 'F32', shape: [1], data_offsets: [4, 8] } }, 8],
  ['an entry that is no object', { a: 5 }, 0],
];

for (const [name, header, dataBytes, headerLength] of MALFORMED) {
  test(`refused: ${name}`, (t) => {
    const path = writeRaw(t, header, new Uint8Array(dataBytes), headerLength);
    const error = modelError(() => readSafetensorsHeader(path));
    assert.equal(error.code, 'weights');
    assert.ok(error.message.includes(path));
  });
}

test('refused: a file shorter than its first number', (t) => {
  const path = join(temporaryFolder(t), 'x');
  writeFileSync(path, 'abc');
  assert.match(modelError(() => readSafetensorsHeader(path)).message, /a file of 3 bytes/);
});

test('an empty tensor is allowed', (t) => {
  const path = writeRaw(t, { a: { dtype: 'F32', shape: [0, 4], data_offsets: [0, 0] } });
  assert.deepEqual(readAll(path), { a: [] });
});
