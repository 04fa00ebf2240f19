// The engine on its compute thread, as the services use it: events to who asked, flips between steps, its end.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { EngineStats } from '../../../worker/generation/engine.ts';
import { EngineClient, type NewSequence } from '../../../worker/generation/engine-client.ts';
import type { FinishedSequence } from '../../../worker/generation/sequence.ts';
import type { Submission } from '../../../worker/generation/submission.ts';
import { WeightSlots } from '../../../worker/generation/weight-slots.ts';
import { flatModel, request, smallConfig } from './support.ts';

const TIMEOUT_MS = 20_000;
const sharedDir = mkdtempSync(join(tmpdir(), 'ppo-engine-'));
const model = flatModel(smallConfig);
const reported: EngineStats[] = [];
let slots: WeightSlots;
let engine: EngineClient;

before(async () => {
  slots = new WeightSlots(sharedDir, model.layout.numElements);
  slots.view(0).set(model.parameters);
  slots.view(1).set(flatModel(smallConfig, 2).parameters);
  engine = await EngineClient.start(
    {
      config: smallConfig,
      threads: 1,
      maxRows: 8,
      cacheTokens: 300,
      sharedDir,
      weightBuffers: slots.names,
      policyVersion: 0,
    },
    { onStats: (stats) => reported.push(stats) },
  );
});
after(async () => {
  await engine.close();
  slots.dispose();
  rmSync(sharedDir, { recursive: true });
});

const sequences = (count: number, maxTokens: number): NewSequence[] =>
  Array.from({ length: count }, (_, i) => request(i, [3 + i], { maxTokens, stopTokenIds: [] }));

async function collect(submission: Submission): Promise<Map<number, FinishedSequence>> {
  const finished = new Map<number, FinishedSequence>();
  while (!submission.isOver) {
    const event = await submission.next(TIMEOUT_MS);
    assert.notEqual(event, null, 'no event in time');
    if (event!.kind === 'finished') finished.set(event!.index, event!.sequence);
  }
  return finished;
}

test('gives everyone what is theirs, while several ask', async () => {
  const submissions = [engine.submit(sequences(20, 5)), engine.submit(sequences(3, 40)), engine.submit([])];
  assert.equal(engine.numUnfinished, 23);
  const [many, few, none] = await Promise.all(submissions.map(collect));
  assert.deepEqual([many!.size, few!.size, none!.size], [20, 3, 0]);
  for (const [index, { tokenIds }] of few!) {
    assert.equal(tokenIds.length, 40);
    assert.deepEqual(many!.get(index)!.tokenIds, tokenIds.slice(0, 5));
  }
  assert.equal(engine.numUnfinished, 0);
  assert.equal(engine.stats.numRunning, 0);
  assert.equal(engine.stats.generatedTokens, 20 * 5 + 3 * 40);
  assert.ok(reported.length > 0);
});

test('new weights are used between two steps of what is running', async () => {
  const submission = engine.submit([{ ...sequences(1, 250)[0]!, isStreaming: true }]);
  for (let token = 0; token < 10; token++) await submission.next(TIMEOUT_MS);
  await engine.useWeights(1, 5);
  assert.equal(engine.policyVersion, 5);
  const { policyVersions } = (await collect(submission)).get(0)!;
  assert.equal(policyVersions.length, 250);
  const firstNew = policyVersions.indexOf(5);
  assert.ok(firstNew >= 10);
  assert.ok(policyVersions.every((version, i) => version === (i < firstNew ? 0 : 5)));
  await engine.useWeights(0, 6);
});

test('says where sequences are while they run, and forgets those given up', async () => {
  const submission = engine.submit(sequences(20, 290));
  const counts = await submission.count();
  assert.deepEqual([counts.numRunning + counts.numWaiting], [20]);
  submission.cancel();
  assert.equal(engine.numUnfinished, 0);
  assert.equal((await collect(engine.submit(sequences(1, 2)))).get(0)!.tokenIds.length, 2);
  assert.equal(engine.stats.numWaiting, 0);
});

test("the thread's end fails what is unfinished and what comes later", async () => {
  const running = engine.submit(sequences(5, 290));
  await engine.close();
  await assert.rejects(collect(running), { name: 'RuntimeError', code: 'THREAD' });
  await assert.rejects(collect(engine.submit(sequences(1, 2))), { code: 'THREAD' });
  assert.equal((await engine.ended).code, 'THREAD');
});
