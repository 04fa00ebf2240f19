/** Last words from the file that a container logs to. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readLastWords } from '../../../operator/local/last-words.ts';

test('only what was written since the given byte; no log is no words', () => {
  const directory = mkdtempSync(join(tmpdir(), 'ppo-words-test-'));
  try {
    const path = join(directory, 'a.log');
    writeFileSync(path, 'Error: the first life\nquiet end\n');
    assert.equal(readLastWords(path, 'Error: the first life\n'.length), 'quiet end');
    assert.equal(readLastWords(join(directory, 'none.log'), 0), '');
  } finally {
    rmSync(directory, { recursive: true });
  }
});
