/** The log's lines say who writes them, and a log that can't be written breaks nothing. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const SERVICE = join(import.meta.dirname, '..', '..', '..', 'worker', 'service');
const PROGRAM = `const { createLogger, logEnd } = await import(${JSON.stringify(join(SERVICE, 'log.ts'))});
  const { hearIteration } = await import(${JSON.stringify(join(SERVICE, 'iteration.ts'))});
  const log = createLogger({ role: 'critic', index: 3, podName: 'job-critic-3', jobName: 'job', servesRole: null, logLevel: 'info' });
  for (let i = 0; i < 3; i++) log.info({ i }, 'step');
  log.debug('not for this level');
  hearIteration('7');
  log.info({ iteration: 8 }, 'told');
  const sidecar = createLogger({ role: 'communicator', servesRole: 'actor', index: 0, podName: 'p', jobName: null, logLevel: 'info' });
  sidecar.info('beside');
  logEnd(log, new TypeError('no such model', { cause: new Error('ENOENT') }), 78);
  console.error('went on');`;

function run(stdout: 'pipe' | number) {
  const args = ['--input-type=module', '-e', PROGRAM];
  return spawnSync(process.execPath, args, { stdio: ['ignore', stdout, 'pipe'], encoding: 'utf8' });
}

const read = () => run('pipe').stdout.trim().split('\n');

test('a line is JSON with job, role, rank and pod', () => {
  const lines = read();
  assert.equal(lines.length, 6);
  const { time: _time, ...line } = JSON.parse(lines[2]!);
  assert.deepEqual(line, {
    level: 'info',
    job: 'job',
    role: 'critic',
    rank: 3,
    pod: 'job-critic-3',
    name: 'critic',
    i: 2,
    msg: 'step',
  });
});

test('the iteration is in every line from when it is known, unless a line names another one', () => {
  const lines = read().map((line) => JSON.parse(line));
  assert.deepEqual(
    lines.map(({ iteration }) => iteration),
    [undefined, undefined, undefined, 8, 7, 7],
  );
});

test('a sidecar speaks for the role that it serves, under its own name', () => {
  const { role, name, pod } = JSON.parse(read()[4]!);
  assert.deepEqual({ role, name, pod }, { role: 'actor', name: 'communicator', pod: 'p' });
});

test('the last line says what ended the process, and is short enough for a pod to keep', () => {
  const last = read()[5]!;
  const { level, exitCode, err, msg } = JSON.parse(last);
  assert.deepEqual([level, exitCode, msg, err.type, err.cause], ['error', 78, 'no such model', 'TypeError', 'ENOENT']);
  assert.match(err.stack[0], /^at /);
  assert.ok(last.length < 2048);
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
