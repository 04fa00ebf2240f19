/** Last words from logs of several kinds. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readLastWords, summarizeLog } from '../../../operator/local/last-words.ts';

test('a plain error comes with the lines that continue it, without its stack', () => {
  const log = `listening\nHopelessError: job configuration is wrong:\n  seed: too small\n    at read (config.ts:1:2)\n    at main.ts:3\n\nNode.js v26\n`;
  assert.equal(summarizeLog(log), 'HopelessError: job configuration is wrong:\n  seed: too small\nNode.js v26');
});

test('JSON lines give their errors as sentences', () => {
  const lines = [
    { level: 30, msg: 'started' },
    { level: 50, msg: 'training failed', err: { message: 'out of memory' } },
    { level: 30, msg: 'closing' },
  ];
  assert.equal(summarizeLog(lines.map((line) => JSON.stringify(line)).join('\n')), 'training failed: out of memory');
});

test('without an error the last lines speak', () => {
  const log = Array.from({ length: 50 }, (_, i) => `line ${i}`).join('\n');
  assert.match(summarizeLog(log), /^line 38\n.*line 49$/s);
});

test('no more than 2048 bytes', () => {
  const words = summarizeLog(`Error: ${'ü'.repeat(5000)}end`);
  assert.ok(Buffer.byteLength(words) <= 2048);
  assert.match(words, /^….*end$/);
});

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
