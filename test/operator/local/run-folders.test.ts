/** Folders of a process: made, removed, and cleared of what dead processes left. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { ProcessFolders, type RootFolders } from '../../../operator/local/run-folders.ts';

let root = '';
let roots: RootFolders = { disk: '', memory: '' };
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ppo-folders-test-'));
  roots = { disk: join(root, 'disk'), memory: join(root, 'memory') };
  mkdirSync(roots.disk);
  mkdirSync(roots.memory);
});
afterEach(() => rmSync(root, { recursive: true }));

test('both folders exist until removed', () => {
  const folders = ProcessFolders.create(roots);
  assert.ok(existsSync(folders.directory) && existsSync(folders.memoryDirectory));
  assert.equal(folders.memoryDirectory, join(roots.memory, `ppo-operator-${process.pid}`));
  folders.remove();
  assert.deepEqual([...readdirSync(roots.disk), ...readdirSync(roots.memory)], []);
});

test('folders of dead processes are removed; those of living ones, and strange ones, stay', () => {
  const dead = spawnSync('true').pid;
  ProcessFolders.create(roots, dead);
  ProcessFolders.create(roots, process.ppid);
  mkdirSync(join(roots.memory, 'ppo-operator-x'));
  mkdirSync(join(roots.memory, 'ppo-operator-999999')); // not made by this program
  const folders = ProcessFolders.create(roots);
  assert.deepEqual(
    readdirSync(roots.memory).sort(),
    ['ppo-operator-999999', 'ppo-operator-x', `ppo-operator-${process.ppid}`, `ppo-operator-${process.pid}`].sort(),
  );
  folders.remove();
});

test('what an earlier process with the same id left is not taken over', () => {
  const before = ProcessFolders.create(roots);
  mkdirSync(join(before.memoryDirectory, 'weights'));
  const folders = ProcessFolders.create(roots);
  assert.ok(!existsSync(join(folders.memoryDirectory, 'weights')));
});

test('a folder that somebody else has put there is refused: keys would lie in it', () => {
  const folder = join(roots.memory, `ppo-operator-${process.pid}`);
  const refusal = /ppo-operator-\d+ is there already and not this user's; remove it/;
  symlinkSync(root, folder);
  assert.throws(() => ProcessFolders.create(roots), refusal);
  rmSync(folder);
  mkdirSync(folder, { mode: 0o777 });
  if (process.getuid?.() === 0) {
    chownSync(folder, 12_345, 12_345);
    assert.throws(() => ProcessFolders.create(roots), refusal);
    chownSync(folder, 0, 0);
  }
  ProcessFolders.create(roots);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
});
