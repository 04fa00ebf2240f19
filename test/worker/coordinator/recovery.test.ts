/** Losses in the middle of a job: what is lost comes back, and the figures are those of an undisturbed run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memberName } from '../../../worker/coordinator/membership.ts';
import { HopelessError } from '../../../worker/service/lifecycle.ts';
import { FakeJob, type FakeJobOptions, runUndisturbed } from './fake-job.ts';
import type { FakeWorker } from './fake-workers.ts';

/** A hook that kills its worker once, before its `count`th piece of work, and starts a replacement. */
function killOnce(job: FakeJob, address: () => string, count: number) {
  let isDone = false;
  return async (worker: FakeWorker, done: number) => {
    if (isDone || done < count) return;
    isDone = true;
    const { role, index } = worker.options;
    await worker.kill();
    await job.startWorker(address(), { role, index });
  };
}

interface Loss extends FakeJobOptions {
  readonly name: string;
  readonly count: number;
}

async function runWithLoss({ name, count, ...options }: Loss) {
  await using job = new FakeJob(options);
  let address = '';
  const run = await job.startCoordinator();
  address = run.address;
  const first = killOnce(job, () => address, count);
  await job.startWorkers(address, { [name]: first });
  const originals = new Map(job.workers);
  await run.ended;
  const replacement = job.workers.get(name)!;
  assert.equal(memberName(replacement.options), name);
  assert.notEqual(replacement, originals.get(name), 'the loss did not happen');
  return { metrics: job.metrics(), weight: job.exportedWeight() };
}

test('a generation replica lost in the middle of a rollout changes no figure', async () => {
  const undisturbed = await runUndisturbed();
  assert.deepEqual(await runWithLoss({ name: 'generation-1', count: 12 }), undisturbed);
});

test('a generation replica that is gone when the weights are synced is waited for', async () => {
  const undisturbed = await runUndisturbed();
  await using job = new FakeJob();
  const run = await job.startCoordinator();
  let isDone = false;
  // Killed in a train step, back long after the first try to broadcast has failed, and never declared lost by silence.
  const killGeneration = async (_worker: FakeWorker, count: number) => {
    if (isDone || count < 3) return;
    isDone = true;
    await job.workers.get('generation-1')!.kill();
    setTimeout(() => job.startWorker(run.address, { role: 'generation', index: 1 }), 900);
  };
  await job.startWorkers(run.address, { 'critic-0': killGeneration });
  await run.ended;
  assert.deepEqual({ metrics: job.metrics(), weight: job.exportedWeight() }, undisturbed);
});

test('the only generation replica lost: its prompts wait for the replacement', async () => {
  const overrides = { roles: { generation: { replicas: 1 } } };
  assert.deepEqual(await runWithLoss({ name: 'generation-0', count: 25, overrides }), await runUndisturbed());
});

test('a reference replica and a reward replica lost while scoring change no figure', async () => {
  const undisturbed = await runUndisturbed();
  assert.deepEqual(await runWithLoss({ name: 'reference-0', count: 2 }), undisturbed);
  assert.deepEqual(await runWithLoss({ name: 'reward-0', count: 1 }), undisturbed);
});

test('a lost actor takes all trainers back to the checkpoint, and the figures are the same', async () => {
  const undisturbed = await runUndisturbed();
  // 4 steps and 1 scoring an iteration: the third iteration, after the checkpoint of the second.
  assert.deepEqual(await runWithLoss({ name: 'actor-0', count: 13 }), undisturbed);
});

test('a critic lost before the first checkpoint takes the job back to its start', async () => {
  const undisturbed = await runUndisturbed();
  assert.deepEqual(await runWithLoss({ name: 'critic-0', count: 7 }), undisturbed);
  const overrides = { checkpoint: { everyIterations: 0 } };
  assert.deepEqual(await runWithLoss({ name: 'critic-0', count: 17, overrides }), undisturbed);
});

test('a restarted coordinator resumes from the last checkpoint, above every epoch seen before', async () => {
  const undisturbed = await runUndisturbed();
  await using job = new FakeJob();
  const run = await job.startCoordinator();
  let isDone = false;
  const endCoordinator = (_worker: FakeWorker, count: number) => {
    if (isDone || count < 13) return;
    isDone = true;
    run.terminate();
  };
  await job.startWorkers(run.address, { 'actor-0': endCoordinator });
  await assert.rejects(run.ended, /ended by the test/);
  assert.deepEqual(job.metrics().length, 2);
  const epochBefore = job.workers.get('actor-0')!.fence.epoch;

  const second = await job.startCoordinator(Number(run.address.split(':')[1]));
  await second.ended;
  assert.deepEqual({ metrics: job.metrics(), weight: job.exportedWeight() }, undisturbed);
  assert.ok(job.workers.get('actor-0')!.fence.epoch > epochBefore);
});

test('a coordinator with other settings refuses the checkpoint and names the difference', async () => {
  await using job = new FakeJob();
  const run = await job.startCoordinator();
  await job.startWorkers(run.address);
  await run.ended;
  Object.assign(job.config.algorithm, { gamma: 0.5 });
  const second = await job.startCoordinator(Number(run.address.split(':')[1]));
  await assert.rejects(second.ended, (error: unknown) => {
    assert.ok(error instanceof HopelessError);
    assert.match(error.message, /algorithm\.gamma: was 1, is 0\.5/);
    return true;
  });
});

test('workers that have seen later epochs are led on above them', async () => {
  await using job = new FakeJob();
  const run = await job.startCoordinator();
  await job.startWorker(run.address, { role: 'generation', index: 0, seenEpoch: 500 });
  await job.startWorker(run.address, { role: 'actor', index: 0, seenEpoch: 700 });
  for (const role of ['critic', 'reference', 'reward'] as const) await job.startWorker(run.address, { role, index: 0 });
  const last = await job.startWorker(run.address, { role: 'generation', index: 1 });
  await run.ended;
  assert.ok(last.fence.epoch > 700, `epoch ${last.fence.epoch}`);
});

test('an incomplete rendezvous fails with the names of those missing', async () => {
  await using job = new FakeJob({ overrides: { deadlines: { rendezvousSeconds: 3 } } });
  const run = await job.startCoordinator();
  await job.startWorker(run.address, { role: 'actor', index: 0 });
  await job.startWorker(run.address, { role: 'generation', index: 1 });
  await assert.rejects(run.ended, /within 3 s; missing: generation-0, critic-0, reference-0, reward-0/);
});
