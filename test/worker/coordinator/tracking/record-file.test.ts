/** Records are in the file whole or not at all, and what a disk refuses is tried again. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { RecordFile, type RecordFileOptions } from '../../../../worker/coordinator/tracking/record-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'record-file-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const bytes = (text: string) => Buffer.from(text);
const frame: RecordFileOptions['frame'] = (record, offset) => bytes(`${offset}:${Buffer.from(record)};`);

test('records are framed by where they stand, behind the head, and are on disk at once', () => {
  const path = join(folder, 'new', 'deep', 'file');
  const file = new RecordFile({ path, frame, head: bytes('HEAD') });
  file.append(bytes('a'), bytes('b'));
  assert.equal(readFileSync(path, 'utf8'), 'HEAD4:a;8:b;');
  file.append(bytes('c'));
  assert.equal(readFileSync(path, 'utf8'), 'HEAD4:a;8:b;12:c;');
  file.close();
});

test('a file goes on behind what is kept of it', () => {
  const path = join(folder, 'kept');
  writeFileSync(path, 'HEAD4:a;garbage that is longer than what comes');
  const file = new RecordFile({ path, frame, head: bytes('HEAD'), keptBytes: 8 });
  file.append(bytes('b'));
  file.close();
  assert.equal(readFileSync(path, 'utf8'), 'HEAD4:a;8:b;');
});

test('what could not be written is written with the next record, the newest given up beyond the bound', () => {
  const parent = join(folder, 'not-a-folder');
  writeFileSync(parent, '');
  const path = join(parent, 'file');
  const file = new RecordFile({ path, frame, maxPendingBytes: 3 });
  for (const record of ['a', 'b', 'c', 'd']) assert.throws(() => file.append(bytes(record)), /ENOTDIR|EEXIST/);
  rmSync(parent);
  file.append();
  file.close();
  assert.equal(readFileSync(path, 'utf8'), '0:a;4:b;8:c;');
});

test('a record of any length is written where the disk takes it', () => {
  const path = join(folder, 'long');
  const file = new RecordFile({ path, frame, maxPendingBytes: 3 });
  file.append(bytes('long'), bytes('a'));
  file.close();
  assert.equal(readFileSync(path, 'utf8'), '0:long;7:a;');
});

test('half a record is taken back when the disk is full, and the next whole one is kept', () => {
  const path = join(folder, 'full');
  // A limit on the length of files stands for the disk's: a write up to it succeeds in part, the next one fails.
  const script = fileURLToPath(new URL('./full-disk.ts', import.meta.url));
  const command = `trap '' XFSZ; ulimit -f 1; exec "${process.execPath}" "${script}" "${path}"`;
  const printed = execFileSync('bash', ['-c', command], { encoding: 'utf8' });
  assert.equal(printed, 'EFBIG 600\nEFBIG 600\n');
  assert.equal(readFileSync(path).length, 600);
});
