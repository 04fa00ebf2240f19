// Several real processes: data-parallel ranks with sidecars learn what one rank learns, weights are published through
// shared memory, and a failed peer ends a training with its reason.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import type { JobConfig } from '../../../worker/api/job-config.ts';
import { SidecarClient } from '../../../worker/collectives/sidecar-client.ts';
import { readSettings } from '../../../worker/config.ts';
import { SharedBuffer } from '../../../worker/runtime/shared-buffer.ts';
import { HopelessError } from '../../../worker/service/lifecycle.ts';
import { RpcError, stream, unary } from '../../../worker/service/rpc.ts';
import { checksumOf } from '../../../worker/training/checkpoint-files.ts';
import { policyOptions } from '../../../worker/training/objectives/policy.ts';
import { runTrainer } from '../../../worker/training/trainer-worker.ts';
import { testJob } from '../support/job-config.ts';
import { makeModel, makeTestFolder, nextAddress, type RunningWorker, startWorker } from '../support/worker-process.ts';
import { countTokens, randomExperiences } from './support/rank.ts';
import { tinyConfig } from './support/tiny-model.ts';
import { append, EPOCH, formGroup, load, OPTIONS, publish, stepOf, train } from './support/trainer-calls.ts';

const folder = makeTestFolder();
const modelPath = makeModel(join(folder.path, 'model'), 'language-model', tinyConfig());
const single = testJob({ models: { actor: modelPath } });
const double = testJob({ models: { actor: modelPath }, roles: { actor: { replicas: 2 } } });
const experiences = randomExperiences(10, 31);
const ALL = experiences.map((_, index) => index);
const numTokens = countTokens(experiences);

interface Pod {
  readonly worker: RunningWorker;
  readonly sidecar: RunningWorker;
}
const pods: Pod[] = [];
let alone: RunningWorker;

async function startPod(index: number): Promise<Pod> {
  const sharedDir = join(folder.path, `pod-${index}`);
  mkdirSync(sharedDir);
  const base = { folder: folder.path, index, job: double, address: nextAddress(), sharedDir };
  const [worker, sidecar] = await Promise.all([
    startWorker({ ...base, role: 'actor' }),
    startWorker({ ...base, role: 'communicator' }),
  ]);
  return { worker, sidecar };
}

before(async () => {
  alone = await startWorker({ folder: folder.path, role: 'actor', index: 9, job: single });
  pods.push(...(await Promise.all([startPod(0), startPod(1)])));
});
after(async () => {
  const workers = [alone, ...pods.flatMap(({ worker, sidecar }) => [worker, sidecar])];
  await Promise.all(workers.map((worker) => worker?.stop()));
  folder.remove();
});

test('two ranks with sidecars learn what one rank learns, and hold the same bits', async () => {
  const workers = pods.map(({ worker }) => worker);
  await formGroup(workers, 'actor');
  const shares = [ALL.slice(0, 3), ALL.slice(3)].map((share) => share.map((index) => experiences[index]!));
  const { checksum: initial } = await load(alone, 0, '');
  await append(alone, 0, experiences);
  const expected = (await train(alone, 0, [stepOf(numTokens, ALL), stepOf(numTokens, ALL)])).result;
  const results = await Promise.all(
    workers.map(async (worker, rank) => {
      const share = shares[rank]!;
      const own = share.map((_, index) => index);
      await append(worker, 0, share);
      const half = Math.floor(own.length / 2);
      const step = stepOf(numTokens, own.slice(0, half), own.slice(half));
      return (await train(worker, 0, [step, step])).result;
    }),
  );
  assert.equal(results[0]!.checksum, results[1]!.checksum);
  assert.notEqual(results[0]!.checksum, initial);
  assert.deepEqual(results[0]!.metrics, results[1]!.metrics);
  for (const [name, value] of Object.entries(expected.metrics)) {
    const found = results[0]!.metrics[name]!;
    assert.ok(Math.abs(found - value) < 1e-4 * Math.max(1, Math.abs(value)), `${name}: ${found} and ${value}`);
  }
});

test('published weights arrive whole in the memory of another sidecar', async () => {
  const { worker } = pods[0]!;
  const sharedDir = join(folder.path, 'replica');
  mkdirSync(sharedDir);
  const sidecar = await startWorker({ folder: folder.path, role: 'communicator', index: 7, job: double, sharedDir });
  const client = new SidecarClient(`${sidecar.address}:7001`);
  try {
    const { checksum, bytes } = await load(worker, 0, '');
    const received = SharedBuffer.create(sharedDir, 'weights', bytes);
    const members = worker.client('GroupMember');
    const { uniqueId } = await unary(members, members.createUniqueId, { epoch: EPOCH }, OPTIONS);
    const join = { epoch: EPOCH, group: 'weights', uniqueId, rank: 0, worldSize: 2 };
    const [communicator] = await Promise.all([
      client.initRank({ uniqueId, rank: 1, worldSize: 2, timeoutMs: 10_000 }),
      unary(members, members.joinGroup, join, OPTIONS),
    ]);
    const buffer = { name: 'weights', offsetBytes: 0 };
    const count = bytes / Float32Array.BYTES_PER_ELEMENT;
    const [published] = await Promise.all([
      publish(worker, 0),
      communicator.broadcast({ buffer, count, dataType: 'float32', root: 0, timeoutMs: 10_000 }),
    ]);
    assert.deepEqual([published.checksum, published.bytes], [checksum, bytes]);
    assert.equal(checksumOf(new Float32Array(received.buffer)), checksum);
    received.dispose();
  } finally {
    client.close();
    await sidecar.stop();
  }
});

test('a rank whose peer never comes is freed by the next epoch, and goes on from a checkpoint', async () => {
  const { worker } = pods[0]!;
  await load(worker, 0, '');
  await formGroup(
    pods.map((pod) => pod.worker),
    'actor',
  );
  await append(worker, 0, experiences);
  const waiting = train(worker, 0, [stepOf(numTokens, ALL)]);
  const freed = assert.rejects(waiting, (error) => {
    assert.ok(error instanceof RpcError && error.code === grpc.status.ABORTED, String(error));
    assert.match(error.message, /summing gradients over the ranks failed/);
    return true;
  });
  const client = worker.client('Trainer');
  const initial = { epoch: EPOCH + 1, iteration: 0, directory: '' };
  const loaded = await unary(client, client.loadCheckpoint, initial, OPTIONS);
  await freed;
  assert.equal(loaded.version, 0);
});

test('without its process group a rank of two refuses to train, and keeps its weights', async () => {
  const client = pods[0]!.worker.client('Trainer');
  const request = { epoch: EPOCH + 2, iteration: 0, learningRate: 1e-3, steps: [] };
  await assert.rejects(async () => {
    for await (const _ of stream(client, client.train, request, OPTIONS)) assert.fail('it trained');
  }, /group "actor" has not been joined at epoch 3/);
  const directory = join(folder.path, 'kept');
  const saved = await unary(client, client.saveCheckpoint, { epoch: EPOCH + 2, iteration: 0, directory }, OPTIONS);
  assert.equal(saved.version, 0);
});

test('a trainer without a sidecar or shared memory is hopeless, and says what is missing', async () => {
  const settings = {
    ...readSettings({
      PPO_ROLE: 'actor',
      PPO_POD_NAME: 'p',
      PPO_POD_IP: '127.0.0.1',
      PPO_GRPC_PORT: '1',
      PPO_METRICS_PORT: '2',
      PPO_JOB_CONFIG: join(folder.path, 'actor-9.json'),
    }),
  };
  const role = {
    name: 'actor' as const,
    modelPath: () => modelPath,
    newHeadSeed: () => null,
    objective: (job: JobConfig) => ({ kind: 'policy' as const, options: policyOptions(job) }),
  };
  const message = 'PPO_SHARED_DIR and PPO_COMMUNICATOR_PORT not set; role actor needs a communicator sidecar';
  await assert.rejects(runTrainer(settings, role), new HopelessError(message));
});
