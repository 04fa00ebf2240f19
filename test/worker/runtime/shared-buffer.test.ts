// Shared buffers: two mappings and two processes see the same memory; what must be refused is.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Graph } from '../../../worker/graph/graph.ts';
import { createCpuDevice } from '../../../worker/runtime/cpu-device.ts';
import { DisposedError, RuntimeError } from '../../../worker/runtime/runtime-error.ts';
import { SharedBuffer } from '../../../worker/runtime/shared-buffer.ts';

const folder = mkdtempSync(join(tmpdir(), 'shared-buffer-'));
after(() => rmSync(folder, { recursive: true }));

function refuses(pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof RuntimeError && error.code === 'SHARED_MEMORY' && pattern.test(error.message);
}

test('a second process reads what was written and its writes are seen', () => {
  const shared = SharedBuffer.create(folder, 'weights.bin', 4 * 1000);
  const values = new Float32Array(shared.buffer);
  assert.ok(values.every((value) => value === 0));
  values.forEach((_, i) => {
    values[i] = i;
  });
  const program = fileURLToPath(new URL('./support/shared-buffer-process.ts', import.meta.url));
  assert.equal(execFileSync(process.execPath, [program, folder, 'weights.bin'], { encoding: 'utf8' }), '4000');
  assert.ok(values.every((value, i) => value === 2 * i));
  shared.dispose();
});

test('the mapping outlives the unlink of its file', () => {
  const shared = SharedBuffer.create(folder, 'short-lived', 4096);
  const other = SharedBuffer.open(folder, 'short-lived');
  unlinkSync(join(folder, 'short-lived'));
  new Uint8Array(shared.buffer)[4095] = 17;
  assert.equal(new Uint8Array(other.buffer)[4095], 17);
  shared.dispose();
  assert.equal(new Uint8Array(other.buffer)[4095], 17);
  other.dispose();
});

test('ONNX Runtime computes in it, in place', () => {
  const shared = SharedBuffer.create(folder, 'in-place', 4 * 100_000);
  const values = new Float32Array(shared.buffer).fill(3);
  const graph = new Graph();
  const x = graph.input('x', [values.length]);
  graph.output(graph.op('Neg', [x], [{ shape: [values.length] }])[0]!, 'y');
  const session = createCpuDevice().createSession(graph.encode(), { threads: 1, prepacking: false });
  const view = { data: values, shape: [values.length] };
  session.bind({ x: view }, { y: view }).run();
  session.dispose();
  assert.ok(values.every((value) => value === -3));
  shared.dispose();
});

test('use after dispose has an error of its own; dispose may be repeated', () => {
  const shared = SharedBuffer.create(folder, 'disposed', 64);
  shared.dispose();
  shared.dispose();
  assert.throws(() => shared.buffer, DisposedError);
  assert.equal(statSync(join(folder, 'disposed')).size, 64);
});

test('what cannot be a shared buffer is refused', () => {
  SharedBuffer.create(folder, 'taken', 64).dispose();
  assert.throws(() => SharedBuffer.create(folder, 'taken', 64), refuses(/taken: EEXIST/));
  assert.throws(() => SharedBuffer.open(folder, 'missing'), refuses(/missing: ENOENT/));
  assert.throws(() => SharedBuffer.create(folder, 'empty', 0), refuses(/found 0 bytes, expected at least 1/));
  assert.throws(() => SharedBuffer.create(folder, 'odd', 1.5), refuses(/found 1.5 bytes/));
  assert.throws(() => SharedBuffer.open(folder, '../escape'), refuses(/found "\.\.\/escape"/));
  writeFileSync(join(folder, 'hollow'), 'x');
  truncateSync(join(folder, 'hollow'), 0);
  assert.throws(() => SharedBuffer.open(folder, 'hollow'), refuses(/found 0 bytes/));
});
