// The trainer's bookkeeping over a compute thread that only remembers: versions, turns, collectives, what a failure
// leaves behind.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { Registry } from 'prom-client';
import { type Communicator, CommunicatorError } from '../../../worker/collectives/communicator.ts';
import { RpcError } from '../../../worker/service/rpc.ts';
import { Trainer, type TrainerOptions } from '../../../worker/training/trainer.ts';
import { createTrainerMetrics } from '../../../worker/training/trainer-metrics.ts';
import type { TrainerApi } from '../../../worker/training/trainer-program.ts';
import { testJob } from '../support/job-config.ts';
import { randomExperiences } from './support/rank.ts';

const [experience] = randomExperiences(1, 2);
const numTokens = experience!.tokenIds.length - experience!.promptLength;

interface Harness {
  readonly trainer: Trainer;
  /** What the compute thread and the communicator were asked, in order. */
  readonly calls: string[];
}

function createTrainer(overrides: Partial<TrainerOptions> = {}, methods: Partial<TrainerApi> = {}): Harness {
  const calls: string[] = [];
  const answers: Record<string, unknown> = {
    finishStep: { loss: 1, gradientNorm: 2 },
    checksum: 77,
    load: { version: 0, checksum: 5, bytes: 8 },
    save: 9,
    score: [],
    ...methods,
  };
  // Answers as the thread would, later than it was asked.
  const call = async (method: string, ...args: unknown[]): Promise<unknown> => {
    calls.push(method);
    await new Promise(setImmediate);
    const answer = answers[method];
    return typeof answer === 'function' ? answer(...args) : answer;
  };
  const communicator = (name: string) =>
    ({
      rank: 0,
      worldSize: 2,
      allReduce: async ({ count }: { count: number }) => void calls.push(`${name}: allReduce ${count}`),
      broadcast: async ({ count }: { count: number }) => void calls.push(`${name}: broadcast ${count}`),
    }) as unknown as Communicator;
  const trainer = new Trainer({
    thread: { call: call as TrainerOptions['thread']['call'] },
    info: { vocabSize: 23, maxPositions: 64, numElements: 100, numReductionElements: 116, checksum: 3 },
    optimizer: testJob().training.actor,
    numRanks: 1,
    parametersName: 'p',
    reductionName: 'g',
    reductionGroup: () => communicator('actor'),
    weightsGroup: () => communicator('weights'),
    collectiveMs: 1000,
    metrics: createTrainerMetrics(new Registry()),
    ...overrides,
  });
  return { trainer, calls };
}

const request = (iteration: number, ...microbatches: number[][]) => ({
  epoch: 1,
  iteration,
  learningRate: 1e-3,
  steps: [{ numTokens, microbatches: microbatches.map((experienceIndices) => ({ experienceIndices })) }],
});

async function drain(trainer: Trainer, iteration: number, signal = new AbortController().signal) {
  const replies = [];
  for await (const reply of trainer.train(request(iteration, [0], []), signal)) replies.push(reply);
  return replies;
}

const isRefusal = (code: grpc.status, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof RpcError, String(error));
  assert.deepEqual([error.code, message.test(error.message)], [code, true], error.message);
  return true;
};

test('a step is begun, accumulated and finished; microbatches tell that it is alive', async () => {
  const { trainer, calls } = createTrainer();
  await trainer.append(0, 0, [experience!]);
  const replies = await drain(trainer, 0);
  assert.deepEqual(
    replies.map(({ progress }) => progress?.stepsDone),
    [0, 1, undefined],
  );
  assert.deepEqual([replies[2]!.result!.version, replies[2]!.result!.checksum], [1, 77]);
  assert.deepEqual(replies[2]!.result!.metrics, { loss: 1, gradientNorm: 2, learningRate: 1e-3 });
  const steps = ['beginStep', 'accumulate', 'accumulate', 'finishStep', 'checksum'];
  assert.deepEqual(calls, ['clearExperiences', 'append', ...steps]);
});

test('of several ranks, gradients and figures are summed once a step, before it is finished', async () => {
  const { trainer, calls } = createTrainer({ numRanks: 2 });
  await trainer.append(0, 0, [experience!]);
  await drain(trainer, 0);
  assert.deepEqual(calls.slice(-3), ['actor: allReduce 116', 'finishStep', 'checksum']);
});

test('scoring, saving and publishing wait for the training before them, and see its version', async () => {
  const { trainer, calls } = createTrainer();
  await trainer.append(0, 0, [experience!]);
  const training = drain(trainer, 0);
  const scoring = trainer.acquireForScoring().then(async (release) => {
    await trainer.score([]);
    release();
  });
  const saving = trainer.save(1, '/checkpoints/1');
  const publishing = trainer.publish(1);
  await Promise.all([training, scoring]);
  assert.deepEqual(await saving, { version: 1, checksum: 77, bytes: 9 });
  assert.equal((await publishing).checksum, 77);
  assert.deepEqual(calls.slice(-4), ['checksum', 'score', 'save', 'weights: broadcast 100']);
});

test('a failure in a step leaves weights of no version until a checkpoint is loaded', async () => {
  const { trainer } = createTrainer(
    {},
    {
      finishStep: () => {
        throw new Error('out of memory');
      },
    },
  );
  await trainer.append(0, 0, [experience!]);
  await assert.rejects(drain(trainer, 0), /out of memory/);
  const unknown = isRefusal(grpc.status.FAILED_PRECONDITION, /load a checkpoint/);
  await assert.rejects(trainer.acquireForScoring(), unknown);
  await assert.rejects(trainer.publish(0), unknown);
  await assert.rejects(trainer.save(0, '/checkpoints/0'), unknown);
  await assert.rejects(trainer.export('/export'), unknown);
  await assert.rejects(drain(trainer, 0), unknown);
  assert.equal((await trainer.load(0, '')).checksum, 5);
  (await trainer.acquireForScoring())();
});

test('a request that is refused leaves the weights as they are', async () => {
  const { trainer } = createTrainer();
  await assert.rejects(drain(trainer, 0), isRefusal(grpc.status.INVALID_ARGUMENT, /no experiences are held/));
  await assert.rejects(drain(trainer, 4), isRefusal(grpc.status.FAILED_PRECONDITION, /weights are of version 0/));
  (await trainer.acquireForScoring())();
});

test('an abort stops between microbatches', async () => {
  const { trainer, calls } = createTrainer();
  await trainer.append(0, 0, [experience!]);
  const controller = new AbortController();
  controller.abort();
  await assert.rejects(drain(trainer, 0, controller.signal), { name: 'AbortError' });
  assert.ok(!calls.includes('accumulate'));
});

test('a collective that fails names itself and its code', async () => {
  const failing = (code: 'TIMEOUT' | 'REMOTE_ERROR') => {
    const fail = () => Promise.reject(new CommunicatorError(code, 'rank 1 is silent'));
    return { rank: 0, worldSize: 2, broadcast: fail, allReduce: fail } as unknown as Communicator;
  };
  const slow = createTrainer({ weightsGroup: () => failing('TIMEOUT') }).trainer;
  const late = /publishing weights failed \(TIMEOUT\): rank 1 is silent/;
  await assert.rejects(slow.publish(0), isRefusal(grpc.status.DEADLINE_EXCEEDED, late));
  const { trainer } = createTrainer({ numRanks: 2, reductionGroup: () => failing('REMOTE_ERROR') });
  await trainer.append(0, 0, [experience!]);
  const broken = /summing gradients over the ranks failed \(REMOTE_ERROR\)/;
  await assert.rejects(drain(trainer, 0), isRefusal(grpc.status.ABORTED, broken));
});

test('only rank 0 of the weights group publishes', async () => {
  const { trainer } = createTrainer({ weightsGroup: () => ({ rank: 1 }) as unknown as Communicator });
  await assert.rejects(trainer.publish(0), isRefusal(grpc.status.FAILED_PRECONDITION, /rank 1 .* can't publish/));
});
