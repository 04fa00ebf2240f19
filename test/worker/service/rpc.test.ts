/** Calls over a real loopback connection: deadlines, idle streams, error codes, cancellation, health. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import * as grpc from '@grpc/grpc-js';
import type { CoordinatorHandlers } from '../../../worker/api/generated/ppo/v1/Coordinator.ts';
import type { ScoreReplyInput } from '../../../worker/api/generated/ppo/v1/ScoreReply.ts';
import type { ScorerHandlers } from '../../../worker/api/generated/ppo/v1/Scorer.ts';
import { currentIteration, hearIteration } from '../../../worker/service/iteration.ts';
import { type Client, connect, definitions, Health } from '../../../worker/service/protos.ts';
import { RpcError, stream, streamHandler, unary, unaryHandler } from '../../../worker/service/rpc.ts';
import { type RunningServer, startGrpcServer } from '../../../worker/service/server.ts';

const FOREVER_MS = 60_000;

describe('calls with deadlines', () => {
  let server: RunningServer;
  let coordinator: Client<'Coordinator'>;
  let scorer: Client<'Scorer'>;
  let wasCancelled = Promise.withResolvers<void>();

  before(async () => {
    const coordinatorHandlers: CoordinatorHandlers = {
      Register: unaryHandler(async () => {
        throw new RpcError(grpc.status.FAILED_PRECONDITION, 'epoch 1 is over');
      }),
      Heartbeat: unaryHandler(async ({ index }, signal) => {
        signal.addEventListener('abort', () => wasCancelled.resolve());
        if (index === 1) await delay(FOREVER_MS, undefined, { signal }).catch(() => {});
        if (index === 2) throw new Error(`why \ud83d: ${'説'.repeat(100_000)}`);
        return { known: true, epoch: index === 3 ? currentIteration()! : 7 };
      }),
      WatchProgress: streamHandler(async function* () {}),
      ReadFigures: unaryHandler(async () => ({ series: [] })),
    };
    const scorerHandlers: ScorerHandlers = {
      Score: streamHandler(async function* (request, signal): AsyncGenerator<ScoreReplyInput> {
        for (const [firstIndex, { promptLength }] of request.sequences.entries()) {
          if (promptLength === 99) throw new RpcError(grpc.status.INVALID_ARGUMENT, 'promptLength is 99');
          yield { firstIndex, results: [{ values: [promptLength / 4] }] };
        }
        if (request.epoch === 1) await delay(FOREVER_MS, undefined, { signal }).catch(() => {});
      }),
    };
    server = await startGrpcServer({
      host: '127.0.0.1',
      port: 0,
      services: [
        [definitions.Coordinator, coordinatorHandlers],
        [definitions.Scorer, scorerHandlers],
      ],
    });
    coordinator = connect('Coordinator', `127.0.0.1:${server.port}`);
    scorer = connect('Scorer', `127.0.0.1:${server.port}`);
  });

  after(async () => {
    coordinator.close();
    scorer.close();
    await server.close(1000);
  });

  it('answers a unary call', async () => {
    const reply = await unary(coordinator, coordinator.heartbeat, { index: 0 }, { deadlineMs: 5000 });
    assert.deepEqual({ known: reply.known, epoch: reply.epoch }, { known: true, epoch: 7 });
  });

  it('carries the status code and message of the server', async () => {
    await assert.rejects(unary(coordinator, coordinator.register, {}, { deadlineMs: 5000 }), (error) => {
      assert.ok(error instanceof RpcError);
      assert.equal(error.code, grpc.status.FAILED_PRECONDITION);
      assert.equal(error.message, 'epoch 1 is over');
      return true;
    });
  });

  it('carries the beginning of a message that is too long for a status', async () => {
    const call = unary(coordinator, coordinator.heartbeat, { index: 2 }, { deadlineMs: 5000 });
    await assert.rejects(call, { code: grpc.status.INTERNAL, message: /^why \ufffd: 説{3000,}…$/ });
  });

  it('tells whom it calls which iteration it works on', async () => {
    hearIteration('5');
    const call = unary(coordinator, coordinator.heartbeat, { index: 3 }, { deadlineMs: 5000 });
    hearIteration('4'); // another one, that the called process would know without the call
    assert.equal((await call).epoch, 5);
  });

  it('ends a unary call at its deadline and tells the server', async () => {
    wasCancelled = Promise.withResolvers();
    const call = unary(coordinator, coordinator.heartbeat, { index: 1 }, { deadlineMs: 100 });
    await assert.rejects(call, { code: grpc.status.DEADLINE_EXCEEDED });
    await wasCancelled.promise;
  });

  it('ends a unary call on abort', async () => {
    const controller = new AbortController();
    const options = { deadlineMs: FOREVER_MS, signal: controller.signal };
    const call = unary(coordinator, coordinator.heartbeat, { index: 1 }, options);
    setTimeout(() => controller.abort(), 50);
    await assert.rejects(call, { code: grpc.status.CANCELLED });
  });

  it('streams every message in order', async () => {
    const sequences = [{ promptLength: 1 }, { promptLength: 2 }, { promptLength: 3 }];
    const values: number[] = [];
    for await (const reply of stream(scorer, scorer.score, { sequences }, { deadlineMs: 5000, idleMs: 5000 })) {
      values.push(reply.results[0]!.values[0]!);
    }
    assert.deepEqual(values, [0.25, 0.5, 0.75]);
  });

  it('ends a stream that is silent for longer than idleMs', async () => {
    const options = { deadlineMs: FOREVER_MS, idleMs: 100 };
    const read = async () => {
      for await (const _ of stream(scorer, scorer.score, { epoch: 1, sequences: [{ promptLength: 1 }] }, options));
    };
    await assert.rejects(read, { code: grpc.status.DEADLINE_EXCEEDED, message: 'no message for 100 ms' });
  });

  it('carries an error out of the middle of a stream', async () => {
    const seen: number[] = [];
    const read = async () => {
      const sequences = [{ promptLength: 1 }, { promptLength: 99 }];
      for await (const reply of stream(scorer, scorer.score, { sequences }, { deadlineMs: 5000, idleMs: 5000 })) {
        seen.push(reply.firstIndex);
      }
    };
    await assert.rejects(read, { code: grpc.status.INVALID_ARGUMENT, message: 'promptLength is 99' });
    assert.deepEqual(seen, [0]);
  });

  it('lets the reader leave a stream early', async () => {
    const sequences = Array.from({ length: 1000 }, () => ({ promptLength: 1 }));
    for await (const reply of stream(scorer, scorer.score, { sequences }, { deadlineMs: 5000, idleMs: 5000 })) {
      if (reply.firstIndex === 3) break;
    }
  });

  it('fails fast where nobody listens', async () => {
    const nobody = connect('Coordinator', '127.0.0.1:1');
    await assert.rejects(unary(nobody, nobody.heartbeat, {}, { deadlineMs: 5000 }), { code: grpc.status.UNAVAILABLE });
    nobody.close();
  });

  it('answers grpc.health.v1 and follows its changes', async () => {
    const health = new Health(`127.0.0.1:${server.port}`, grpc.credentials.createInsecure());
    assert.equal((await unary(health, health.check, {}, { deadlineMs: 5000 })).status, 'SERVING');
    const seen: string[] = [];
    for await (const { status } of stream(health, health.watch, {}, { deadlineMs: 5000, idleMs: 5000 })) {
      seen.push(status);
      if (seen.length === 2) break;
      server.setServing(false);
    }
    server.setServing(true);
    health.close();
    assert.deepEqual(seen, ['SERVING', 'NOT_SERVING']);
  });
});
