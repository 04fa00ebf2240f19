/** The page of a run on this machine: on loopback, with the curves of its metrics.jsonl. */
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { MemoryCluster } from '../../../operator/cluster/memory-cluster.ts';
import { FileFigures, startLocalPage } from '../../../operator/local/local-page.ts';
import { PPO_JOBS } from '../../../operator/reconcile/ppojob-kind.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ppo-local-page-'));
  path = join(folder, 'metrics.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const line = (iteration: number) =>
  `${JSON.stringify({ iteration, policyVersion: iteration, score: iteration / 2 })}\n`;

test('curves grow with the file, go back with it, and are none before it is there', () => {
  const figures = new FileFigures(path);
  assert.equal(figures.read(), null);
  writeFileSync(path, line(1) + line(2));
  const first = figures.read();
  assert.deepEqual(first?.series, [{ name: 'score', iterations: [1, 2], values: [0.5, 1] }]);
  assert.equal(figures.read(), first);
  appendFileSync(path, line(3));
  const second = figures.read();
  assert.deepEqual(second?.series[0]?.iterations, [1, 2, 3]);
  assert.notEqual(second?.revision, first?.revision);
  writeFileSync(path, line(1));
  assert.deepEqual(figures.read()?.series[0]?.iterations, [1]);
});

test('there are no jobs until a cluster is shown', async () => {
  const page = await startLocalPage({ port: 0, metricsPath: path });
  try {
    assert.match(page.url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
    const names = async () => {
      const { jobs } = (await (await fetch(`${page.url}api/jobs`)).json()) as { jobs: { name: string }[] };
      return jobs.map(({ name }) => name);
    };
    assert.deepEqual(await names(), []);
    const cluster = new MemoryCluster();
    const { apiVersion, kind } = PPO_JOBS;
    const metadata = { name: 'tiny', namespace: 'default' };
    await cluster.create(PPO_JOBS, { apiVersion, kind, metadata }, { fieldManager: 'test' });
    page.show(cluster);
    while ((await names()).length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(await names(), ['tiny']);
    await assert.rejects(startLocalPage({ port: Number(new URL(page.url).port), metricsPath: path }), /EADDRINUSE/);
  } finally {
    await page.close();
  }
});
