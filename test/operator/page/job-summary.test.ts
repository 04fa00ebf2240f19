// A row of the list: what the job's status and its curves say, and nothing where they say nothing.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { MemoryCluster } from '../../../operator/cluster/memory-cluster.ts';
import { summarizeJob } from '../../../operator/page/job-summary.ts';
import { addJob, status } from './fixtures.ts';

const figuresOf = (...values: number[]) => {
  const iterations = values.map((_, i) => i + 1);
  return { revision: 1, heardAtMs: Date.UTC(2026, 0, 1), series: [{ name: 'rollout/score', iterations, values }] };
};

it('says how a job stands', async () => {
  const job = await addJob(new MemoryCluster(), 'a', status());
  const summary = summarizeJob(job, figuresOf(1, 2, 3));
  assert.equal(summary.condition?.type, 'Running');
  assert.equal(summary.isEnded, false);
  assert.equal(summary.phase, 'Training');
  assert.deepEqual([summary.iteration, summary.numIterations, summary.remainingSeconds], [3, 12, 180]);
  assert.deepEqual([summary.score, summary.kl, summary.accuracy, summary.tokensPerSecond], [0.75, 0.01, 0.5, 123.4]);
  assert.deepEqual([summary.restarts, summary.infrastructureRestarts], [2, 1]);
  assert.deepEqual(summary.scores, [1, 2, 3]);
  assert.equal(summary.heardAt, '2026-01-01T00:00:00.000Z');
});

it('says little of a job that nobody has looked at', async () => {
  const summary = summarizeJob(await addJob(new MemoryCluster(), 'a', {}), null);
  assert.equal(summary.condition, null);
  assert.deepEqual([summary.score, summary.accuracy, summary.phase, summary.startedAt], [null, null, null, null]);
  assert.deepEqual([summary.iteration, summary.numIterations, summary.restarts], [0, 0, 0]);
  assert.deepEqual(summary.scores, []);
});

it('knows ends and refusals, and draws few points of many', async () => {
  const cluster = new MemoryCluster();
  const condition = { reason: 'r', message: 'x'.repeat(30_000), lastTransitionTime: '2026-01-01T00:00:00Z' };
  const refused = await addJob(cluster, 'a', { conditions: [{ ...condition, type: 'Accepted', status: 'False' }] });
  const many = summarizeJob(refused, figuresOf(...Array.from({ length: 500 }, (_, i) => i)));
  assert.equal(many.isEnded, true);
  assert.ok((many.condition?.message.length ?? 0) < 5000);
  assert.equal(many.scores.length, 40);
  assert.deepEqual([many.scores[0], many.scores.at(-1)], [0, 499]);
  const failed = await addJob(cluster, 'b', { conditions: [{ ...condition, type: 'Failed', status: 'True' }] });
  assert.equal(summarizeJob(failed, null).isEnded, true);
});
