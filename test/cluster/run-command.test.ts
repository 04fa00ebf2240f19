// How programs end is told, whatever way that is.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { assertSuccess, runCommand } from './run-command.ts';

const run = (code: string, timeoutMs = 60_000) => runCommand(process.execPath, ['-e', code], { timeoutMs });

it('what a program says and its exit code are a result', async () => {
  assert.deepEqual(await run("console.log('a')"), { code: 0, stdout: 'a\n', stderr: '' });
  assert.deepEqual(await run("console.error('b'); process.exitCode = 3"), { code: 3, stdout: '', stderr: 'b\n' });
  await assert.rejects(
    assertSuccess('it', run("console.error('b'); process.exitCode = 3")),
    /^Error: it ended with 3: b/,
  );
});

it('one that takes too long, or is none, says so', async () => {
  const late = await run('setTimeout(() => {}, 2 ** 30)', 1);
  assert.deepEqual([late.code, late.stderr], [1, 'not done in 1 ms']);
  const none = await runCommand('/nowhere/program', [], { timeoutMs: 1000 });
  assert.equal(none.code, 1);
  assert.match(none.stderr, /ENOENT/);
});
