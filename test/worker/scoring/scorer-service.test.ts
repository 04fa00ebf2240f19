// The Scorer service over a loopback connection: order, chunks, refusals, release of the model.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { Registry } from 'prom-client';
import { createScorerMetrics } from '../../../worker/scoring/scorer-metrics.ts';
import { type ScorerServiceOptions, scorerHandlers } from '../../../worker/scoring/scorer-service.ts';
import { EpochFence } from '../../../worker/service/epoch.ts';
import { type Client, connect, definitions } from '../../../worker/service/protos.ts';
import { RpcError, stream } from '../../../worker/service/rpc.ts';
import { startGrpcServer } from '../../../worker/service/server.ts';

const OPTIONS = { deadlineMs: 10_000, idleMs: 10_000 };
const closers: (() => Promise<void>)[] = [];
after(async () => {
  for (const close of closers) await close();
});

/** The first token of each sequence is its score. */
const firstToken: ScorerServiceOptions['score'] = async (sequences) =>
  sequences.map(({ tokenIds }) => Float32Array.of(tokenIds[0]!));

interface Served {
  readonly client: Client<'Scorer'>;
  readonly fence: EpochFence;
  readonly registry: Registry;
}

async function serve(overrides: Partial<ScorerServiceOptions> = {}): Promise<Served> {
  const fence = new EpochFence();
  const registry = new Registry();
  const handlers = scorerHandlers({
    kind: 'REWARDS',
    limits: { vocabSize: 1000, maxPositions: 8 },
    fence,
    metrics: createScorerMetrics(registry),
    microbatchSize: 4,
    score: firstToken,
    ...overrides,
  });
  const server = await startGrpcServer({ host: '127.0.0.1', port: 0, services: [[definitions.Scorer, handlers]] });
  const client = connect('Scorer', `127.0.0.1:${server.port}`);
  closers.push(async () => {
    client.close();
    await server.close(100);
  });
  return { client, fence, registry };
}

const sequences = Array.from({ length: 10 }, (_, i) => ({ tokenIds: [i, 0], promptLength: 1 }));

async function scoreAll(client: Client<'Scorer'>, request: Parameters<Client<'Scorer'>['score']>[0]) {
  const replies = [];
  for await (const reply of stream(client, client.score, request, OPTIONS)) replies.push(reply);
  return replies;
}

const refused = (code: grpc.status, message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof RpcError);
  assert.deepEqual([error.code, message.test(error.message)], [code, true], error.message);
  return true;
};

test('results come in the order of the request, a chunk at a time, and are counted', async () => {
  const { client, registry } = await serve();
  const replies = await scoreAll(client, { epoch: 1, kind: 'REWARDS', sequences });
  assert.deepEqual(
    replies.map(({ firstIndex }) => firstIndex),
    [0, 4, 8],
  );
  const values = replies.flatMap(({ results }) => results.map((result) => result.values[0]));
  assert.deepEqual(values, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const text = await registry.metrics();
  assert.match(text, /^ppo_scoring_tokens_total 20$/m);
  assert.match(text, /^ppo_scoring_sequences_total 10$/m);
  assert.match(text, /^ppo_scoring_batch_seconds_count 3$/m);
  assert.match(text, /^ppo_scoring_errors_total 0$/m);
});

test('a batch that takes long is told of in the meantime, where that is asked for', async () => {
  const untilTold = Promise.withResolvers<void>();
  const score: ScorerServiceOptions['score'] = async (batch, texts) => {
    if (batch[0]!.tokenIds[0] === 4) await untilTold.promise;
    return firstToken(batch, texts);
  };
  const { client } = await serve({ score, keepAliveMs: 1 });
  const indices: number[] = [];
  const values: number[] = [];
  for await (const reply of stream(client, client.score, { epoch: 1, kind: 'REWARDS', sequences }, OPTIONS)) {
    if (reply.results.length === 0 && reply.firstIndex === 4) indices.push(reply.firstIndex);
    if (indices.length === 3) untilTold.resolve();
    values.push(...reply.results.map((result) => result.values[0]!));
  }
  assert.ok(indices.length >= 3);
  assert.deepEqual(values, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('an empty request gives an empty stream', async () => {
  const { client } = await serve();
  assert.deepEqual(await scoreAll(client, { epoch: 1, kind: 'REWARDS', sequences: [] }), []);
});

test('another kind, bad sequences and old epochs are refused', async () => {
  const { client, fence } = await serve();
  const { INVALID_ARGUMENT, FAILED_PRECONDITION } = grpc.status;
  await assert.rejects(
    scoreAll(client, { epoch: 1, kind: 'VALUES', sequences }),
    refused(INVALID_ARGUMENT, /kind: found VALUES, this role scores REWARDS/),
  );
  const bad = [...sequences, { tokenIds: [1000], promptLength: 2 }];
  await assert.rejects(
    scoreAll(client, { epoch: 1, kind: 'REWARDS', sequences: bad }),
    refused(INVALID_ARGUMENT, /sequences\[10\]\.prompt_length.*sequences\[10\]\.token_ids\[0\]: found 1000/),
  );
  fence.admit(5);
  await assert.rejects(
    scoreAll(client, { epoch: 4, kind: 'REWARDS', sequences }),
    refused(FAILED_PRECONDITION, /epoch 4 is over/),
  );
});

test('a score that is not finite is an error, never a number', async () => {
  const { client, registry } = await serve({ score: async (batch) => batch.map(() => Float32Array.of(Number.NaN)) });
  await assert.rejects(
    scoreAll(client, { epoch: 1, kind: 'REWARDS', sequences }),
    refused(grpc.status.INTERNAL, /REWARDS of sequence 0, number 0, is NaN: the model's weights/),
  );
  assert.match(await registry.metrics(), /^ppo_scoring_errors_total 1$/m);
});

test('the model is released after success, failure and a reader that leaves', async () => {
  const events: string[] = [];
  const released = [0, 1, 2].map(() => Promise.withResolvers<void>());
  let requests = 0;
  const { client } = await serve({
    score: async (batch) => {
      if (batch[0]!.tokenIds[0] === 999) throw new Error('no more memory');
      return firstToken(batch, []);
    },
    acquire: async () => {
      const request = requests++;
      events.push(`acquired ${request}`);
      return () => {
        events.push(`released ${request}`);
        released[request]!.resolve();
      };
    },
  });
  await scoreAll(client, { epoch: 1, kind: 'REWARDS', sequences });
  const failing = { epoch: 1, kind: 'REWARDS' as const, sequences: [{ tokenIds: [999], promptLength: 1 }] };
  await assert.rejects(scoreAll(client, failing), refused(grpc.status.INTERNAL, /no more memory/));
  for await (const _ of stream(client, client.score, { epoch: 1, kind: 'REWARDS', sequences }, OPTIONS)) break;
  await Promise.all(released.map(({ promise }) => promise));
  assert.deepEqual(
    events,
    [0, 1, 2].flatMap((request) => [`acquired ${request}`, `released ${request}`]),
  );
});
