// Real reference and reward processes over gRPC: they score what a model in this process scores, without shared memory
// or a sidecar, and a killed one says so.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { loadModelFolder } from '../../../worker/models/folder.ts';
import type { HeadKind } from '../../../worker/models/layout.ts';
import { createCpuDevice } from '../../../worker/runtime/cpu-device.ts';
import { ForwardModel, type ScoreKind } from '../../../worker/scoring/forward-model.ts';
import { testJob } from '../support/job-config.ts';
import { makeModel, makeTestFolder, type RunningWorker, spawnWorker, startWorker } from '../support/worker-process.ts';
import { randomExperiences } from '../training/support/rank.ts';
import { tinyConfig } from '../training/support/tiny-model.ts';
import { score } from '../training/support/trainer-calls.ts';

const folder = makeTestFolder();
const config = tinyConfig({ scoreMean: -0.3, scoreStd: 0.7 });
const models = {
  reference: makeModel(join(folder.path, 'reference'), 'language-model', config),
  reward: makeModel(join(folder.path, 'reward'), 'score', config),
};
const sequences = randomExperiences(19, 77);
let workers: { readonly reference: RunningWorker; readonly reward: RunningWorker };

before(async () => {
  const start = (role: 'reference' | 'reward') => startWorker({ folder: folder.path, role, job: testJob({ models }) });
  const [reference, reward] = await Promise.all([start('reference'), start('reward')]);
  workers = { reference, reward };
});
after(async () => {
  await Promise.all([workers?.reference.stop(), workers?.reward.stop()]);
  folder.remove();
});

function expectedScores(path: string, head: HeadKind, kind: ScoreKind): Float32Array[] {
  const { layout, parameters } = loadModelFolder(path, head);
  const device = createCpuDevice();
  const model = new ForwardModel({ device, threads: 1, model: { config, layout }, parameters, kind, temperature: 1 });
  try {
    return [sequences.slice(0, 8), sequences.slice(8, 16), sequences.slice(16)].flatMap((part) => model.score(part));
  } finally {
    model.dispose();
  }
}

const float32 = (rows: readonly number[][]) => rows.map((row) => Float32Array.from(row));

test('the reference gives logprobs, bit by bit those of its model', async () => {
  const rows = await score(workers.reference, 'LOGPROBS', sequences);
  assert.deepEqual(float32(rows), expectedScores(models.reference, 'language-model', 'LOGPROBS'));
  await assert.rejects(score(workers.reference, 'REWARDS', sequences), /this role scores LOGPROBS/);
});

test('the reward model gives one normalised score a response', async () => {
  const rows = await score(workers.reward, 'REWARDS', sequences);
  assert.ok(rows.every((row) => row.length === 1));
  assert.deepEqual(float32(rows), expectedScores(models.reward, 'score', 'REWARDS'));
});

test('requests at the same time do not mix', async () => {
  const alone = await score(workers.reward, 'REWARDS', sequences);
  const together = await Promise.all(
    sequences.map((_, index) => score(workers.reward, 'REWARDS', sequences.slice(index, index + 1))),
  );
  together.forEach((rows, index) => {
    assert.ok(Math.abs(rows[0]![0]! - alone[index]![0]!) < 1e-5, `sequence ${index}`);
  });
});

test('it ends by SIGTERM with exit code 0', async () => {
  const own = await startWorker({ folder: folder.path, role: 'reward', index: 1, job: testJob({ models }) });
  assert.equal(await own.stop(), 0, own.output());
});

test('a folder that holds no model ends it with 78', async () => {
  const job = testJob({ models: { reward: join(folder.path, 'nowhere') } });
  const worker = spawnWorker({ folder: folder.path, role: 'reward', index: 2, job });
  const code = await worker.ended;
  assert.equal(code, 78);
  assert.match(worker.output(), /nowhere.*can't be used as a model/s);
});
