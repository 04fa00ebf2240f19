/** Last words from logs of several kinds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { summarizeLog } from '../../../operator/reconcile/log-words.ts';

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

test('what ended the process is told alone', () => {
  const lines = [
    { level: 'error', msg: 'a call failed' },
    { level: 'error', exitCode: 78, err: { type: 'HopelessError' }, msg: 'the reward model has no head' },
    { level: 'error', msg: 'closing failed' },
  ];
  assert.equal(summarizeLog(lines.map((line) => JSON.stringify(line)).join('\n')), 'the reward model has no head');
});

test('a line whose beginning is cut off gives its message', () => {
  const rest = 'type":"HopelessError","stack":["at f"]},"msg":"job is wrong:\\n  \\"seed\\": too small"}';
  assert.equal(summarizeLog(rest), 'job is wrong:\n  "seed": too small');
});

test('what only looks like a log of JSON is told as it is', () => {
  const lookalikes = [
    'cut off here,"msg":"a path: C:\\xylophone"}',
    'cut off here,"msg":"a\ttab"}',
    '{"level":50,"msg":"cut o',
    '{"level":50,"msg":"failed","err":{"message":{"toString":1,"valueOf":1}}}',
  ];
  const words = lookalikes.map((line) => summarizeLog(line));
  assert.deepEqual(words, [...lookalikes.slice(0, 3), 'failed']);
});
