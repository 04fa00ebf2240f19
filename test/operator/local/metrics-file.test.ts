/** metrics.jsonl while it is being written. */
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MetricsFile, parseMetrics } from '../../../operator/local/metrics-file.ts';

test('a line an iteration; cut lines and strangers are left out', () => {
  const text = '{"iteration":1,"policyVersion":2,"rollout/score":0.5}\nnonsense\n{"a":1}\n{"iteration":2,"rollo';
  assert.deepEqual(parseMetrics(text), [{ iteration: 1, policyVersion: 2, metrics: { 'rollout/score': 0.5 } }]);
});

test('a file that comes, grows and shrinks', () => {
  const directory = mkdtempSync(join(tmpdir(), 'ppo-metrics-test-'));
  try {
    const path = join(directory, 'metrics.jsonl');
    const file = new MetricsFile(path);
    assert.deepEqual(file.read(), []);
    writeFileSync(path, '{"iteration":1}\n');
    assert.equal(file.read().length, 1);
    appendFileSync(path, '{"iteration":2}\n');
    assert.equal(file.read().length, 2);
    assert.equal(file.read(), file.read());
    writeFileSync(path, '');
    assert.equal(file.read().length, 0);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
