/** Exit codes as people read them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT_CODES } from '../../../../operator/api/names.ts';
import { explainExitCode } from '../../../../operator/kubectl/explain/exit-code.ts';

test("every code of ours and of shells, and signals' numbers", () => {
  const cases: [number, RegExp][] = [
    [-1, /no process ended/],
    [EXIT_CODES.done, /ended well/],
    [EXIT_CODES.fault, /restart may fix/],
    [EXIT_CODES.hopeless, /no restart fixes/],
    [EXIT_CODES.notExecutable, /can not be run/],
    [EXIT_CODES.notFound, /not found/],
    [134, /SIGABRT/],
    [135, /SIGBUS.*\/dev\/shm/],
    [137, /SIGKILL/],
    [139, /SIGSEGV/],
    [143, /SIGTERM/],
    [129, /signal SIGHUP/],
    [42, /not a code of ours/],
  ];
  for (const [code, pattern] of cases) assert.match(explainExitCode(code, []).means, pattern);
});

test('want of memory is told by its reason, and says what to raise', () => {
  const { means, remedies } = explainExitCode(137, ['OOMKilled']);
  assert.match(means, /OOMKilled/);
  assert.match(remedies[0] ?? '', /limits\.memory/);
});
