/** What is written is there, in place of what was or behind it; what a disk takes in part is a failure. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { writeDurably } from '../../../worker/coordinator/durable-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'ppo-durable-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('a file is written anew, or goes on', () => {
  const path = join(folder, 'file');
  for (const text of ['long before', 'new']) writeDurably(path, text);
  writeDurably(path, ' end', 'a');
  assert.equal(readFileSync(path, 'utf8'), 'new end');
});

test('a full disk is told of, also when it takes a part', () => {
  // A limit on the length of files stands for the disk's.
  const script = fileURLToPath(new URL('./full-disk-text.ts', import.meta.url));
  const command = `trap '' XFSZ; ulimit -f 1; exec "${process.execPath}" "${script}" "${join(folder, 'full')}"`;
  assert.equal(execFileSync('bash', ['-c', command], { encoding: 'utf8' }), 'EFBIG\n');
});
