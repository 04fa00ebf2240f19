/** A whole job with trackers on: what they show is metrics.jsonl, and the job's own figures are as without them. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { JobConfig } from '../../../../worker/api/job-config.ts';
import { FakeJob, runUndisturbed } from '../fake-job.ts';
import { readScalars } from './read-events.ts';
import { readRun } from './read-wandb.ts';

const folder = mkdtempSync(join(tmpdir(), 'tracked-job-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function trackingIn(directory: string): JobConfig['tracking'] {
  return {
    tensorboard: { directory: join(directory, 'tensorboard'), sampleResponses: 4 },
    wandb: {
      ...{ directory: join(directory, 'wandb'), project: 'p', entity: null, name: 'job', group: null, tags: [] },
    },
  };
}

function metricsOf(job: FakeJob): string {
  return join(job.config.output.directory, 'metrics.jsonl');
}

function linesOf(job: FakeJob): Record<string, number>[] {
  const lines = readFileSync(metricsOf(job), 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Record<string, number>);
}

function assertTracked(directory: string, lines: readonly Record<string, number>[]): void {
  const scalars = readScalars(join(directory, 'tensorboard'));
  const run = readRun(join(directory, 'wandb'));
  assert.deepEqual([...scalars.keys()], [0, ...lines.map(({ iteration }) => iteration)]);
  assert.deepEqual([...run.history.keys()], [...scalars.keys()]);
  for (const { iteration, policyVersion: _, ...metrics } of lines) {
    const single = Object.entries(metrics).map(([name, value]) => [name, Math.fround(value)]);
    assert.deepEqual(scalars.get(iteration!), Object.fromEntries(single));
    const { _timestamp, _runtime, _step, ...figures } = run.history.get(iteration!)!;
    assert.deepEqual(figures, metrics);
  }
}

test('TensorBoard and Weights & Biases show what metrics.jsonl has, and change none of it', async () => {
  const untracked = await runUndisturbed();
  await using job = new FakeJob({ overrides: { tracking: trackingIn(folder) } });
  const run = await job.startCoordinator();
  await job.startWorkers(run.address);
  await run.ended;
  assert.deepEqual(job.metrics(), untracked.metrics);
  assert.equal(job.exportedWeight(), untracked.weight);
  assertTracked(folder, linesOf(job));
  assert.equal(readRun(join(folder, 'wandb')).kinds.at(-1), 'exit');
});

test('a coordinator that comes after another goes on where its checkpoint is, with no iteration twice', async () => {
  const own = join(folder, 'resumed');
  await using job = new FakeJob({ overrides: { tracking: trackingIn(own) } });
  const first = await job.startCoordinator();
  let isDone = false;
  // Two iterations are in a checkpoint then, the third is not.
  const endInFourth = () => {
    if (isDone || !existsSync(metricsOf(job)) || linesOf(job).length < 3) return;
    isDone = true;
    first.terminate();
  };
  await job.startWorkers(first.address, { 'actor-0': endInFourth });
  await assert.rejects(first.ended, /ended by the test/);
  assert.deepEqual([...readScalars(join(own, 'tensorboard')).keys()], [0, 1, 2, 3]);
  const second = await job.startCoordinator(Number(first.address.split(':').at(-1)));
  await second.ended;
  assertTracked(own, linesOf(job));
});

test('trackers that can write nothing cost the job nothing', async () => {
  const blocked = join(folder, 'blocked');
  writeFileSync(blocked, 'a file where a folder should be');
  await using job = new FakeJob({ overrides: { tracking: trackingIn(blocked) } });
  const run = await job.startCoordinator();
  await job.startWorkers(run.address);
  await run.ended;
  assert.equal(linesOf(job).length, job.config.algorithm.numIterations);
});
