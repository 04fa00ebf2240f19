// The compute thread leaves the main thread free: health answers during a training step, and the event loop's own
// measure of its delay is small against the step's length.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { Health } from '../../../worker/service/protos.ts';
import { unary } from '../../../worker/service/rpc.ts';
import { testJob } from '../support/job-config.ts';
import { makeModel, makeTestFolder, type RunningWorker, startWorker } from '../support/worker-process.ts';
import { countTokens } from './support/rank.ts';
import { tinyConfig } from './support/tiny-model.ts';
import { append, OPTIONS, stepOf, train } from './support/trainer-calls.ts';

const ROWS = 64;
const LENGTH_TOKENS = 64;
const folder = makeTestFolder();
// Large enough for a step of about a second.
const config = tinyConfig({ hiddenSize: 256, intermediateSize: 768, numLayers: 2, headDim: 64 });
const model = makeModel(join(folder.path, 'actor'), 'language-model', config);
const training = { ...testJob().training, minibatchSize: ROWS, microbatchSize: ROWS };
const job = testJob({ models: { actor: model }, training });
let actor: RunningWorker;

before(async () => {
  actor = await startWorker({ folder: folder.path, role: 'actor', job });
});
after(async () => {
  await actor.stop();
  folder.remove();
});

/** The longest delay of the event loop since the last call. */
async function maxLagSeconds(): Promise<number> {
  const text = await (await fetch(`${actor.metricsUrl}/metrics`)).text();
  const value = /^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(text)?.[1];
  assert.ok(value !== undefined, text);
  return Number(value);
}

test('health answers during a training step', async (t) => {
  const experiences = Array.from({ length: ROWS }, (_, row) => ({
    tokenIds: Int32Array.from({ length: LENGTH_TOKENS }, (_column, column) => (row * 7 + column * 3) % 23),
    promptLength: LENGTH_TOKENS / 2,
    columns: {
      oldLogprobs: new Float32Array(LENGTH_TOKENS / 2).fill(-3),
      advantages: new Float32Array(LENGTH_TOKENS / 2).fill(1),
    },
  }));
  await append(actor, 0, experiences);
  const health = new Health(`${actor.address}:7000`, grpc.credentials.createInsecure());
  try {
    assert.equal((await unary(health, health.check, {}, OPTIONS)).status, 'SERVING');
    await maxLagSeconds();
    let isTraining = true;
    const indices = experiences.map((_, index) => index);
    const trained = train(actor, 0, [stepOf(countTokens(experiences), indices)]).finally(() => {
      isTraining = false;
    });
    const answerSeconds: number[] = [];
    while (isTraining) {
      const startMs = performance.now();
      await unary(health, health.check, {}, OPTIONS);
      answerSeconds.push((performance.now() - startMs) / 1000);
    }
    const { seconds } = (await trained).result;
    const [worst, lag] = [Math.max(...answerSeconds), await maxLagSeconds()];
    t.diagnostic(`step ${seconds} s, ${answerSeconds.length} answers, the slowest ${worst} s, event loop ${lag} s`);
    assert.ok(answerSeconds.length >= 10, `${answerSeconds.length} answers in a step of ${seconds} s`);
    assert.ok(worst < seconds / 4, `an answer took ${worst} s of a step of ${seconds} s`);
    assert.ok(lag < seconds / 4, `the event loop was held up for ${lag} s of a step of ${seconds} s`);
  } finally {
    health.close();
  }
});
