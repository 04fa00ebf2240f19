/** Damaged checkpoints are passed over for older ones. */
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FakeJob, runUndisturbed } from './fake-job.ts';

test('a job resumes from the newest checkpoint that can be read', async () => {
  const undisturbed = await runUndisturbed();
  await using job = new FakeJob();
  const run = await job.startCoordinator();
  await job.startWorkers(run.address);
  await run.ended;
  const { directory } = job.config.checkpoint;
  writeFileSync(join(directory, 'iteration-000004', 'coordinator.json'), '{"formatVersion": 1, "sta');
  const second = await job.startCoordinator(Number(run.address.split(':')[1]));
  await second.ended;
  assert.deepEqual({ metrics: job.metrics(), weight: job.exportedWeight() }, undisturbed);
  assert.deepEqual(readdirSync(directory).sort(), ['iteration-000002', 'iteration-000004']);
});

test('a trainer that finds its files damaged takes all back to the older checkpoint', async () => {
  const undisturbed = await runUndisturbed();
  await using job = new FakeJob();
  const run = await job.startCoordinator();
  await job.startWorkers(run.address);
  await run.ended;
  writeFileSync(join(job.config.checkpoint.directory, 'iteration-000004', 'critic-0.json'), 'damaged');
  const second = await job.startCoordinator(Number(run.address.split(':')[1]));
  await second.ended;
  assert.deepEqual({ metrics: job.metrics(), weight: job.exportedWeight() }, undisturbed);
});
