/** The log's lines say who writes them, and a log that can't be written breaks nothing. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const MODULE = join(import.meta.dirname, '..', '..', '..', 'worker', 'service', 'log.ts');
const PROGRAM = `const { createLogger } = await import(${JSON.stringify(MODULE)});
  const log = createLogger({ role: 'critic', index: 3, podName: 'job-critic-3', logLevel: 'info' });
  for (let i = 0; i < 3; i++) log.info({ i }, 'step');
  log.debug('not for this level');
  console.error('went on');`;

function run(stdout: 'pipe' | number) {
  const args = ['--input-type=module', '-e', PROGRAM];
  return spawnSync(process.execPath, args, { stdio: ['ignore', stdout, 'pipe'], encoding: 'utf8' });
}

test('a line is JSON with role, rank and pod', () => {
  const lines = run('pipe').stdout.trim().split('\n');
  assert.equal(lines.length, 3);
  const { time: _time, ...line } = JSON.parse(lines[2]!);
  assert.deepEqual(line, {
    level: 'info',
    role: 'critic',
    rank: 3,
    pod: 'job-critic-3',
    name: 'critic',
    i: 2,
    msg: 'step',
  });
});

test('a full disk takes no line, and nobody who logs notices', () => {
  const full = openSync('/dev/full', 'w');
  try {
    const { status, stderr } = run(full);
    assert.equal(status, 0, stderr);
    assert.equal(stderr, 'went on\n');
  } finally {
    closeSync(full);
  }
});
