/** A line an iteration, and none of an iteration that runs again. */
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { FigureHistory } from '../../../worker/coordinator/figure-history.ts';
import { MetricsLog } from '../../../worker/coordinator/metrics-log.ts';

describe('MetricsLog', () => {
  let folder = '';
  let path = '';
  let log: MetricsLog;
  let figures: FigureHistory;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ppo-metrics-'));
    path = join(folder, 'output', 'metrics.jsonl');
    figures = new FigureHistory();
    log = new MetricsLog(path, figures);
    log.truncate(0);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (iteration: number) =>
    log.append({ iteration, policyVersion: iteration, metrics: { 'rollout/score': 0.1 + 0.2 } });

  it('writes flat lines that read back as the same numbers', () => {
    write(1);
    assert.deepEqual(JSON.parse(readFileSync(path, 'utf8')), {
      iteration: 1,
      policyVersion: 1,
      'rollout/score': 0.1 + 0.2,
    });
  });

  it('goes back to an iteration, dropping what came later and a line cut off by a crash', () => {
    for (const iteration of [1, 2, 3]) write(iteration);
    appendFileSync(path, '{"iteration":2,"policyV');
    const before = readFileSync(path, 'utf8').split('\n').slice(0, 2);
    log.truncate(2);
    write(3);
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    assert.equal(lines.length, 3);
    assert.deepEqual(lines.slice(0, 2), before);
  });

  it('keeps in memory what stands in the file, also after a restart', () => {
    for (const iteration of [1, 2, 3]) write(iteration);
    log.truncate(2);
    write(3);
    const restarted = new FigureHistory();
    new MetricsLog(path, restarted).truncate(3);
    for (const known of [figures, restarted]) {
      assert.deepEqual(known.read(), [
        { name: 'rollout/score', iterations: [1, 2, 3], values: Array(3).fill(0.1 + 0.2) },
      ]);
    }
  });
});
