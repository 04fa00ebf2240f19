/** One container as a process: its log, its ends, its standard input, its group. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ContainerProcess } from '../../../operator/local/container.ts';
import { FIXTURE_DIRECTORY, isRunning, waitFor } from './fixtures/node.ts';

const directory = mkdtempSync(join(tmpdir(), 'ppo-container-test-'));
after(() => rmSync(directory, { recursive: true }));
let count = 0;

function start(env: Record<string, string>, command = [process.execPath, 'container.mjs']) {
  const logPath = join(directory, 'logs', `${count++}.log`);
  const container = new ContainerProcess({ command, env, cwd: FIXTURE_DIRECTORY, logPath });
  return { container, log: () => readFileSync(logPath, 'utf8') };
}

test('a clean end has code 0 and no last words; a failure has both', async () => {
  const good = await start({ FIXTURE_EXIT_AFTER_MS: '0', FIXTURE_LAST_WORDS: 'Error: not really' }).container.exited;
  assert.deepEqual([good.exitCode, good.signal, good.lastWords], [0, null, '']);
  const bad = start({ FIXTURE_EXIT_AFTER_MS: '0', FIXTURE_EXIT_CODE: '5', FIXTURE_LAST_WORDS: 'Error: why' });
  const exit = await bad.container.exited;
  assert.deepEqual([exit.exitCode, exit.signal, exit.lastWords], [5, null, 'Error: why']);
  assert.equal(bad.container.hasExited, true);
  assert.match(bad.log(), /^started \d+\nError: why\n$/);
});

test('a command that does not exist ends with 127 and says so', async () => {
  const exit = await start({}, ['/nowhere/at-all']).container.exited;
  assert.equal(exit.exitCode, 127);
  assert.match(exit.lastWords, /cannot start \/nowhere\/at-all: .*ENOENT/);
});

test('a killed container has 128 + the signal', async () => {
  const { container, log } = start({ FIXTURE_IGNORE_SIGTERM: '1' });
  await waitFor(() => (log().includes('started') ? true : null));
  const exit = await container.stop(100);
  assert.deepEqual([exit.exitCode, exit.signal], [137, 9]);
  assert.deepEqual(await container.stop(100), exit);
});

test('what a container started ends with it', async () => {
  const { container, log } = start({ FIXTURE_CHILD: '1' });
  const child = await waitFor(() => Number(/child (\d+)/.exec(log())?.[1]) || null);
  process.kill(container.pid ?? 0, 'SIGKILL'); // the container alone, not its group
  await container.exited;
  await waitFor(() => (isRunning(child) ? null : true));
});
