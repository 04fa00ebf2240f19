// A real actor process over gRPC: what it scores, trains, saves, resumes, exports and refuses, and how it ends.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { loadModelFolder } from '../../../worker/models/folder.ts';
import { createCpuDevice } from '../../../worker/runtime/cpu-device.ts';
import { ForwardModel } from '../../../worker/scoring/forward-model.ts';
import { RpcError, stream } from '../../../worker/service/rpc.ts';
import { checksumOf } from '../../../worker/training/checkpoint-files.ts';
import type { Experience } from '../../../worker/training/experience.ts';
import { testJob } from '../support/job-config.ts';
import { makeModel, makeTestFolder, type RunningWorker, spawnWorker, startWorker } from '../support/worker-process.ts';
import { countTokens, randomExperiences } from './support/rank.ts';
import { tinyConfig } from './support/tiny-model.ts';
import {
  append,
  EPOCH,
  exportModel,
  load,
  OPTIONS,
  publish,
  save,
  score,
  stepOf,
  train,
} from './support/trainer-calls.ts';

const folder = makeTestFolder();
const config = tinyConfig();
const modelPath = makeModel(join(folder.path, 'actor'), 'language-model', config);
const job = testJob({ models: { actor: modelPath } });
const sequences = randomExperiences(12, 21);
const ALL = sequences.map((_, index) => index);
const numTokens = countTokens(sequences);
let actor: RunningWorker;

before(async () => {
  actor = await startWorker({ folder: folder.path, role: 'actor', job });
});
after(async () => {
  await actor.stop();
  folder.remove();
});
beforeEach(() => load(actor, 0, ''));

/** The sequences with the logprobs that the actor gives them now. */
async function experiencesNow(): Promise<Experience[]> {
  const rows = await score(actor, 'LOGPROBS', sequences);
  return sequences.map((sequence, index) => ({
    ...sequence,
    columns: { advantages: sequence.columns.advantages!, oldLogprobs: Float32Array.from(rows[index]!) },
  }));
}

async function iterate(iteration: number): Promise<Awaited<ReturnType<typeof train>>> {
  assert.equal(await append(actor, iteration, await experiencesNow()), sequences.length);
  const halves = [ALL.slice(0, 6), ALL.slice(6)].map((indices) => {
    return stepOf(countTokens(indices.map((index) => sequences[index]!)), indices.slice(0, 3), indices.slice(3));
  });
  return train(actor, iteration, [...halves, stepOf(numTokens, ALL, [])]);
}

const refused = (code: grpc.status, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof RpcError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
  return true;
};
const { FAILED_PRECONDITION, INVALID_ARGUMENT } = grpc.status;

test('it scores what the model in its folder scores, bit by bit', async () => {
  const { layout, parameters } = loadModelFolder(modelPath, 'language-model');
  const model = new ForwardModel({
    device: createCpuDevice(),
    threads: 1,
    model: { config, layout },
    parameters,
    kind: 'LOGPROBS',
    temperature: 1,
  });
  try {
    const microbatches = [sequences.slice(0, 8), sequences.slice(8)];
    const expected = microbatches.flatMap((microbatch) => model.score(microbatch));
    const rows = await score(actor, 'LOGPROBS', sequences);
    assert.deepEqual(
      rows.map((row) => Float32Array.from(row)),
      expected,
    );
    assert.equal((await load(actor, 0, '')).checksum, checksumOf(parameters));
  } finally {
    model.dispose();
  }
});

test('iterations raise version and change weights; figures and progress tell of it', async () => {
  const first = await iterate(0);
  assert.deepEqual([first.result.version, first.result.tokens], [1, 2 * numTokens]);
  assert.deepEqual(first.progress, [0, 1, 1, 2, 2, 3]);
  const names = ['loss', 'gradientNorm', 'clipFraction', 'approxKl', 'entropy', 'learningRate'];
  assert.deepEqual(Object.keys(first.result.metrics).sort(), names.sort());
  assert.ok(Object.values(first.result.metrics).every(Number.isFinite));
  const second = await iterate(1);
  assert.equal(second.result.version, 2);
  assert.notEqual(second.result.checksum, first.result.checksum);
  const text = await (await fetch(`${actor.metricsUrl}/metrics`)).text();
  for (const series of [
    'ppo_train_steps_total ',
    'ppo_weights_version 2',
    'ppo_train_loss ',
    'ppo_model_bytes{kind="optimizer"}',
  ]) {
    assert.ok(text.includes(series), series);
  }
});

test('a train request without steps only raises the version', async () => {
  const { checksum } = await load(actor, 0, '');
  const { result } = await train(actor, 0, []);
  assert.deepEqual([result.version, result.checksum, Object.keys(result.metrics).length], [1, checksum, 0]);
});

test('the same experiences from the same start give the same bits', async () => {
  const results = [];
  for (let repeat = 0; repeat < 2; repeat++) {
    await load(actor, 0, '');
    const { result } = await iterate(0);
    results.push([result.checksum, result.metrics]);
  }
  assert.deepEqual(results[1], results[0]);
});

test('a checkpoint continues bit by bit, in another process too', async () => {
  await iterate(0);
  const directory = join(folder.path, 'checkpoint');
  const saved = await save(actor, 1, directory);
  assert.equal(saved.version, 1);
  const expected = (await iterate(1)).result;
  const loaded = await load(actor, 1, directory);
  assert.deepEqual([loaded.version, loaded.checksum], [1, saved.checksum]);
  const again = (await iterate(1)).result;
  assert.deepEqual([again.checksum, again.metrics], [expected.checksum, expected.metrics]);
  const replaced = await startWorker({
    folder: folder.path,
    role: 'actor',
    job,
    sharedDir: join(folder.path, 'other'),
  });
  try {
    await load(replaced, 1, directory);
    const previous = actor;
    actor = replaced;
    try {
      assert.equal((await iterate(1)).result.checksum, expected.checksum);
    } finally {
      actor = previous;
    }
  } finally {
    await replaced.stop();
  }
});

test('a damaged or missing checkpoint is named as such, and only a good one makes the weights known again', async () => {
  const directory = join(folder.path, 'damaged');
  await save(actor, 0, directory);
  writeFileSync(join(directory, 'actor-0.safetensors'), 'nonsense');
  await assert.rejects(load(actor, 0, directory), refused(grpc.status.DATA_LOSS, /actor-0\.safetensors/));
  await assert.rejects(score(actor, 'LOGPROBS', sequences), refused(FAILED_PRECONDITION, /load a checkpoint/));
  await assert.rejects(load(actor, 0, join(folder.path, 'nowhere')), refused(grpc.status.NOT_FOUND, /is missing/));
  await assert.rejects(save(actor, 0, directory), refused(FAILED_PRECONDITION, /load a checkpoint/));
  await load(actor, 0, '');
  await score(actor, 'LOGPROBS', sequences);
});

test('a checkpoint of another version than asked for is not taken', async () => {
  const directory = join(folder.path, 'misnamed');
  await save(actor, 0, directory);
  await assert.rejects(load(actor, 3, directory), refused(grpc.status.DATA_LOSS, /holds version 0, not 3/));
  await assert.rejects(load(actor, 3, ''), refused(INVALID_ARGUMENT, /allowed 0 for the initial model/));
  await assert.rejects(save(actor, 3, 'relative/path'), refused(INVALID_ARGUMENT, /an absolute path/));
});

test('the exported folder holds the trained weights', async () => {
  const { result } = await iterate(0);
  const directory = join(folder.path, 'export', 'actor');
  const { bytes } = await exportModel(actor, directory);
  assert.equal(checksumOf(loadModelFolder(directory, 'language-model').parameters), result.checksum);
  assert.ok(bytes > 1000 && readdirSync(directory).includes('config.json'));
});

test('experiences are held per iteration, idempotent per first index, without gaps', async () => {
  const experiences = await experiencesNow();
  assert.equal(await append(actor, 0, experiences.slice(0, 8)), 8);
  assert.equal(await append(actor, 0, experiences.slice(8), 8), 12);
  assert.equal(await append(actor, 0, experiences.slice(0, 8)), 12);
  await assert.rejects(append(actor, 0, experiences, 13), refused(INVALID_ARGUMENT, /found 13, allowed 0 to 12/));
  const { result } = await train(actor, 0, [stepOf(numTokens, ALL)]);
  await load(actor, 0, '');
  assert.equal(await append(actor, 0, experiences), 12);
  assert.equal((await train(actor, 0, [stepOf(numTokens, ALL)])).result.checksum, result.checksum);
  assert.equal(await append(actor, 1, experiences.slice(0, 2)), 2);
});

test('bad requests are refused with every problem, before anything changes', async () => {
  const experiences = await experiencesNow();
  const { advantages, oldLogprobs } = experiences[0]!.columns;
  const bad = [
    { ...experiences[0]!, columns: { advantages: advantages! } },
    { ...experiences[0]!, columns: { oldLogprobs: oldLogprobs!, advantages: advantages!.map(() => Number.NaN) } },
    { ...experiences[0]!, tokenIds: Int32Array.of(1, 23), promptLength: 1 },
  ] as Experience[];
  await assert.rejects(
    append(actor, 0, bad),
    refused(
      INVALID_ARGUMENT,
      /\[0\]\.old_logprobs: found 0.*\[1\]\.advantages\[0\]: found NaN.*\[2\].token_ids\[1\]: found 23/s,
    ),
  );
  await append(actor, 0, experiences);
  await assert.rejects(
    train(actor, 0, [stepOf(numTokens, [99]), stepOf(1, ALL)], -1),
    refused(INVALID_ARGUMENT, /learning_rate: found -1.*steps\[0\].*found 99.*steps\[1\]\.num_tokens: found 1/s),
  );
  await assert.rejects(train(actor, 5, []), refused(FAILED_PRECONDITION, /found 5, but the weights are of version 0/));
  await assert.rejects(publish(actor, 1), refused(FAILED_PRECONDITION, /found 1, but the weights are of version 0/));
  await assert.rejects(publish(actor, 0), refused(FAILED_PRECONDITION, /"weights" has not been joined/));
  await assert.rejects(score(actor, 'VALUES', sequences), refused(INVALID_ARGUMENT, /found VALUES/));
  assert.equal((await train(actor, 0, [stepOf(numTokens, ALL)])).result.version, 1);
});

test('a training that is given up leaves weights of no version, until a checkpoint is loaded', async () => {
  await append(actor, 0, await experiencesNow());
  const client = actor.client('Trainer');
  const steps = Array.from({ length: 500 }, () => stepOf(numTokens, ALL));
  const request = { epoch: EPOCH, iteration: 0, learningRate: 1e-3, steps };
  for await (const { progress } of stream(client, client.train, request, OPTIONS)) if (progress!.stepsDone > 1) break;
  await assert.rejects(score(actor, 'LOGPROBS', sequences), refused(FAILED_PRECONDITION, /began and did not end/));
  await assert.rejects(train(actor, 0, []), refused(FAILED_PRECONDITION, /load a checkpoint/));
  assert.equal((await load(actor, 0, '')).version, 0);
  await score(actor, 'LOGPROBS', sequences);
});

test('divergence is an error with its cause, not a model of NaN', async () => {
  const experiences = await experiencesNow();
  const absurd = experiences.map((experience) => {
    const advantages = experience.columns.advantages!.map(() => 3e38);
    return { ...experience, columns: { ...experience.columns, advantages } };
  });
  await append(actor, 0, absurd);
  await assert.rejects(
    train(actor, 0, [stepOf(numTokens, ALL)]),
    refused(grpc.status.INTERNAL, /training diverged \(loss .*lower the learning rate/),
  );
});

test('messages of an epoch that is over are refused', async () => {
  const own = await startWorker({ folder: folder.path, role: 'actor', job, sharedDir: join(folder.path, 'epochs') });
  try {
    await score(own, 'LOGPROBS', sequences, { epoch: EPOCH + 4 });
    await assert.rejects(load(own, 0, ''), refused(FAILED_PRECONDITION, /epoch 1 is over/));
    await assert.rejects(train(own, 0, []), refused(FAILED_PRECONDITION, /epoch 1 is over/));
    assert.equal(await own.stop(), 0);
  } finally {
    await own.stop();
  }
});

test('SIGTERM in the middle of a training ends it soon and in order: exit code 0, nothing left in memory', async () => {
  const own = await startWorker({ folder: folder.path, role: 'actor', job, sharedDir: join(folder.path, 'ending') });
  try {
    assert.deepEqual(readdirSync(own.sharedDir).sort(), ['actor-0.gradients', 'actor-0.parameters']);
    await append(own, 0, await experiencesNow());
    const client = own.client('Trainer');
    const steps = Array.from({ length: 2000 }, () => stepOf(numTokens, ALL));
    const request = { epoch: EPOCH, iteration: 0, learningRate: 1e-3, steps };
    const training = (async () => {
      for await (const { progress } of stream(client, client.train, request, OPTIONS)) {
        if (progress!.stepsDone === 1) own.process.kill('SIGTERM');
      }
    })();
    await assert.rejects(training, RpcError);
    assert.equal(await own.stop(), 0, own.output());
    assert.deepEqual(readdirSync(own.sharedDir), []);
  } finally {
    await own.stop();
  }
});

test('a model that can not be used ends the process with 78 and says why', async () => {
  const broken = join(folder.path, 'broken');
  mkdirSync(broken);
  copyFileSync(join(modelPath, 'config.json'), join(broken, 'config.json'));
  const worker = spawnWorker({
    folder: folder.path,
    role: 'actor',
    job: testJob({ models: { actor: broken } }),
    sharedDir: join(folder.path, 'broken-shared'),
  });
  const [code] = await new Promise<[number]>((resolve) =>
    worker.process.once('exit', (exitCode) => resolve([exitCode!])),
  );
  assert.equal(code, 78);
  assert.match(worker.output(), /"exitCode":78.*"HopelessError".*broken can't be used as a model.*model\.safetensors/s);
  await worker.stop();
});
