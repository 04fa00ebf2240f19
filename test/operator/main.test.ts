// The operator as a process: what it says, and its exit code, where it can't even start.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { it } from 'node:test';

const MAIN = join(import.meta.dirname, '..', '..', 'operator', 'main.ts');

function run(...args: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { code: status, stdout, stderr };
}

it('says in its log why it cannot start, and fails', () => {
  const { code, stdout, stderr } = run('--kubeconfig', '/there/is/none', '--metrics-address', '127.0.0.1:0');
  assert.deepEqual([code, stderr], [1, '']);
  const line = JSON.parse(stdout) as { level: string; err: { message: string }; msg: string };
  assert.deepEqual([line.level, line.msg], ['fatal', 'failed']);
  assert.match(line.err.message, /ENOENT.*\/there\/is\/none/);
});

it('says what is wrong with its options, and how they are used', () => {
  const { code, stdout, stderr } = run('--concurrency', 'many');
  assert.deepEqual([code, stdout], [2, '']);
  assert.match(stderr, /^--concurrency many: must be a whole number.*--kubeconfig FILE/s);
});
