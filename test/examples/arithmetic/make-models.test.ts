// The command's options: what it can't take is refused before anything is made.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const COMMAND = join(import.meta.dirname, '../../../examples/arithmetic/make-models.ts');

for (const [args, message] of [
  [['--seed', '-1'], /--seed/],
  [['--sft-steps', 'many'], /--sft-steps: found "many", allowed: a whole number from 0/],
  [['--min-balanced', '98'], /--min-balanced/],
  [['--steps', '3'], /--steps/],
] as const) {
  test(`${args.join(' ')} is refused`, (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'make-models-'));
    context.after(() => rmSync(folder, { recursive: true, force: true }));
    const output = join(folder, 'output');
    const options = { encoding: 'utf8', timeout: 30_000 } as const;
    const result = spawnSync(process.execPath, [COMMAND, '--output', output, ...args], options);
    assert.equal(result.status, 1);
    assert.match(result.stderr, message);
    assert.match(result.stderr, /nothing was written/);
    assert.ok(!existsSync(output));
  });
}
