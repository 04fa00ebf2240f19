/** A folder belongs to one process at a time, under whatever path it is named. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lockFolders } from '../../../operator/local/folder-lock.ts';

test('a folder is taken once, also under another name, until it is released', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'ppo-lock-test-'));
  t.after(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'here'));
  symlinkSync(join(root, 'here'), join(root, 'there'));
  const first = await lockFolders([join(root, 'here', 'out'), join(root, 'here', 'out', 'checkpoints')]);
  assert.equal(first.taken, null);
  assert.equal((await lockFolders([join(root, 'there', 'out')])).taken, join(root, 'here', 'out'));
  const other = await lockFolders([join(root, 'here', 'other'), join(root, 'here', 'out', 'checkpoints')]);
  assert.equal(other.taken, join(root, 'here', 'out', 'checkpoints'));
  // What was taken before the one that failed is free again.
  const again = await lockFolders([join(root, 'here', 'other')]);
  assert.equal(again.taken, null);
  await again.release?.();
  await first.release?.();
  const last = await lockFolders([join(root, 'there', 'out')]);
  assert.equal(last.taken, null);
  await last.release?.();
});

test('a process that is killed leaves no lock behind', async () => {
  const folder = join(tmpdir(), `ppo-lock-${process.pid}`);
  const module = join(import.meta.dirname, '..', '..', '..', 'operator', 'local', 'folder-lock.ts');
  const code = `const { lockFolders } = await import(${JSON.stringify(module)});
    await lockFolders([${JSON.stringify(folder)}]); console.log('locked'); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  assert.equal((await lockFolders([folder])).taken, folder);
  child.kill('SIGKILL');
  await ended;
  const locks = await lockFolders([folder]);
  assert.equal(locks.taken, null);
  await locks.release?.();
});
