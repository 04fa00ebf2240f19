// Continuous batching: bits that don't depend on the batch, agreement with the training graph, refill, cancel, flips.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Engine } from '../../../worker/generation/engine.ts';
import type { FinishedSequence, SequenceRequest } from '../../../worker/generation/sequence.ts';
import type { ModelConfig } from '../../../worker/models/config.ts';
import { buildLogprobGraph } from '../../../worker/models/forward-graphs.ts';
import { Rng } from '../../../worker/ppo/rng.ts';
import { runOnce } from '../graph/support.ts';
import { batchInputs, parameterInputs } from '../models/support.ts';
import {
  engineOf,
  type FlatModel,
  finishAll,
  flatModel,
  randomPrompts,
  request,
  smallConfig,
  tiedConfig,
} from './support.ts';

/** Bits of everything a response says. */
function bits({ tokenIds, logprobs, finishReason }: FinishedSequence): string {
  return `${tokenIds} ${logprobs} ${finishReason}`;
}

function mixedRequests(config: ModelConfig, count: number, maxPrompt: number): SequenceRequest[] {
  const variants = [
    {},
    { temperature: 0 },
    { temperature: 0.7, topP: 0.9 },
    { topK: 5 },
    { maxTokens: 1 },
    { maxTokens: 12 },
  ];
  return randomPrompts(count, maxPrompt, config.vocabSize).map((prompt, id) =>
    request(id, prompt, variants[id % variants.length]!),
  );
}

function oneByOne(engine: Engine, requests: readonly SequenceRequest[]): Map<number, FinishedSequence> {
  const results = requests.map((item) => {
    engine.submit([item]);
    return finishAll(engine).get(item.id)!;
  });
  return new Map(results.map((result) => [result.id, result]));
}

for (const [name, config] of [
  ['untied', smallConfig],
  ['tied with biases', tiedConfig],
] as const) {
  for (const threads of [1, 2]) {
    test(`${name}, ${threads} threads: the same bits alone, batched, shuffled, in fewer rows`, () => {
      const model = flatModel(config);
      // Prompts longer than a chunk among them.
      const requests = mixedRequests(config, 150, 80);
      const wide = engineOf(model, { maxRows: 48, cacheTokens: 100, threads });
      const alone = oneByOne(wide.engine, requests.slice(0, 40));
      wide.engine.submit(requests);
      const batched = finishAll(wide.engine);
      wide.engine.submit(new Rng(3).shuffle([...requests]));
      const shuffled = finishAll(wide.engine);
      const narrow = engineOf(model, { maxRows: 5, cacheTokens: 100, threads });
      narrow.engine.submit(requests);
      const few = finishAll(narrow.engine);
      assert.equal(batched.size, requests.length);
      for (const { id } of requests) {
        if (alone.has(id)) assert.equal(bits(batched.get(id)!), bits(alone.get(id)!), `${id} alone`);
        assert.equal(bits(shuffled.get(id)!), bits(batched.get(id)!), `${id} shuffled`);
        assert.equal(bits(few.get(id)!), bits(batched.get(id)!), `${id} in fewer rows`);
      }
      const all = [...batched.values()];
      assert.ok(all.some(({ finishReason }) => finishReason === 'stop'));
      assert.ok(all.some(({ finishReason }) => finishReason === 'length'));
    });
  }
}

/** Logprobs of a response's tokens by the graph that training runs; greedy ones are at temperature 1. */
function trainerLogprobs(
  model: FlatModel,
  { promptTokenIds, sampling }: SequenceRequest,
  tokenIds: readonly number[],
): Float32Array {
  const row = [...promptTokenIds, ...tokenIds];
  const selected = tokenIds.map((_, i) => promptTokenIds.length - 1 + i);
  const shape = { rows: 1, length: row.length, positions: tokenIds.length };
  const inputs = { ...parameterInputs(model.parameters, model.layout), ...batchInputs([row], selected) };
  const targets = BigInt64Array.from(tokenIds, BigInt);
  return runOnce(buildLogprobGraph(model, shape, sampling.temperature || 1), { ...inputs, targets }).logprobs!;
}

for (const [name, config] of [
  ['untied', smallConfig],
  ['tied with biases', tiedConfig],
] as const) {
  test(`${name}: logprobs agree with the training graph, prompts in chunks or not`, () => {
    const model = flatModel(config);
    const requests = mixedRequests(config, 24, 80);
    const { engine } = engineOf(model, { maxRows: 8, cacheTokens: 100 });
    engine.submit(requests);
    const finished = finishAll(engine);
    let largest = 0;
    for (const asked of requests) {
      const { tokenIds, logprobs } = finished.get(asked.id)!;
      const expected = trainerLogprobs(model, asked, tokenIds);
      expected.forEach((logprob, i) => {
        largest = Math.max(largest, Math.abs(logprob - logprobs[i]!));
      });
    }
    assert.ok(largest < 1e-4, `largest difference ${largest}`);
  });
}

test('waiting prompts take the rows of finished ones at once', () => {
  const { engine } = engineOf(flatModel(smallConfig), { maxRows: 2, cacheTokens: 20 });
  const never = { stopTokenIds: [] };
  engine.submit([request(0, [3], { ...never, maxTokens: 2 }), request(1, [4], { ...never, maxTokens: 8 })]);
  engine.submit([request(2, [5], { ...never, maxTokens: 2 }), request(3, [6], { ...never, maxTokens: 2 })]);
  assert.deepEqual(finishOrder(engine), [
    [2, 0],
    [4, 2],
    [6, 3],
    [8, 1],
  ]);
  const { numSteps, promptTokens, generatedTokens, numRunning } = engine.stats();
  assert.deepEqual(
    { numSteps, promptTokens, generatedTokens, numRunning },
    {
      numSteps: 8,
      promptTokens: 4,
      generatedTokens: 14,
      numRunning: 0,
    },
  );
});

/** [step, id] of every sequence. */
function finishOrder(engine: Engine): [step: number, id: number][] {
  const order: [number, number][] = [];
  for (let step = 1; engine.hasWork; step++) for (const { id } of engine.step().finished) order.push([step, id]);
  return order;
}

test('dropped sequences are not heard of again and leave the others as they were', () => {
  const model = flatModel(smallConfig);
  const requests = mixedRequests(smallConfig, 20, 60);
  const undisturbed = engineOf(model, { maxRows: 4, cacheTokens: 80 }).engine;
  undisturbed.submit(requests);
  const expected = finishAll(undisturbed);
  const { engine } = engineOf(model, { maxRows: 4, cacheTokens: 80 });
  engine.submit(requests);
  const finished = new Map(engine.step().finished.map((sequence) => [sequence.id, sequence]));
  const dropped = new Set([0, 2, 9, 19].filter((id) => !finished.has(id)));
  const counts = engine.count(new Set([0, 1, 2, 3, 9, 19]));
  assert.deepEqual([counts.numRunning + finished.size, counts.numWaiting], [4, 2]);
  engine.cancel(dropped);
  for (const [id, sequence] of finishAll(engine)) finished.set(id, sequence);
  assert.equal(finished.size, requests.length - dropped.size);
  for (const [id, sequence] of finished) assert.equal(bits(sequence), bits(expected.get(id)!));
});

test('new weights count from the next token on, and every token says which made it', () => {
  const [first, second] = [flatModel(smallConfig, 1), flatModel(smallConfig, 2)];
  const setup = engineOf(first, { maxRows: 3, cacheTokens: 20 });
  const { engine } = setup;
  engine.submit([request(0, [3, 4], { maxTokens: 6, stopTokenIds: [] })]);
  for (let step = 0; step < 4; step++) engine.step();
  engine.useSession(setup.openSession(second), 7).dispose();
  engine.submit([request(1, [3, 4], { maxTokens: 6, stopTokenIds: [] })]);
  const finished = finishAll(engine);
  assert.deepEqual(finished.get(0)!.policyVersions, [0, 0, 0, 7, 7, 7]);
  assert.deepEqual(finished.get(1)!.policyVersions, [7, 7, 7, 7, 7, 7]);
  const { tokenIds, logprobs } = finished.get(1)!;
  const fresh = engineOf(second, { maxRows: 3, cacheTokens: 20 }).engine;
  fresh.submit([request(1, [3, 4], { maxTokens: 6, stopTokenIds: [] })]);
  const expected = finishAll(fresh).get(1)!;
  assert.deepEqual([tokenIds, logprobs], [expected.tokenIds, expected.logprobs]);
});

test('tells the time to every token from the one before it in its sequence', () => {
  const { engine } = engineOf(flatModel(smallConfig), { maxRows: 2, cacheTokens: 20 });
  const endless = { maxTokens: 5, stopTokenIds: [] };
  engine.submit([0, 1, 2].map((id) => request(id, [3, 4], endless)));
  const gapsMs: number[] = [];
  const startMs = performance.now();
  while (engine.hasWork) gapsMs.push(...engine.step().interTokenMs);
  const totalMs = performance.now() - startMs;
  assert.equal(gapsMs.length, 3 * (5 - 1));
  assert.ok(gapsMs.every((ms) => ms > 0));
  const sumMs = gapsMs.reduce((sum, ms) => sum + ms, 0);
  assert.ok(sumMs < 2 * totalMs, 'two sequences at a time');
});

test('streams tokens with the likeliest ones beside them', () => {
  const { engine } = engineOf(flatModel(smallConfig), { maxRows: 2, cacheTokens: 20 });
  engine.submit([{ ...request(5, [3], { temperature: 0, stopTokenIds: [] }), isStreaming: true, numTopLogprobs: 3 }]);
  engine.submit([request(6, [3])]);
  const { tokens } = engine.step();
  assert.equal(tokens.length, 1);
  const { id, tokenId, logprob, top } = tokens[0]!;
  assert.equal(id, 5);
  assert.deepEqual(top[0], { tokenId, logprob });
  assert.ok(top[0]!.logprob >= top[1]!.logprob && top[1]!.logprob >= top[2]!.logprob);
});

test('weights that are not finite end a sequence as aborted, and only while they are in use', () => {
  const model = flatModel(smallConfig);
  const broken = { ...model, parameters: model.parameters.map(() => Number.NaN) };
  const setup = engineOf(broken, { maxRows: 2, cacheTokens: 50 });
  const { engine } = setup;
  const requests = [
    request(0, [3]),
    request(1, [4], { temperature: 0 }),
    request(2, new Array(40).fill(5), { topP: 0.5 }),
  ];
  engine.submit(requests);
  for (const { finishReason, tokenIds } of finishAll(engine).values()) {
    assert.deepEqual([finishReason, tokenIds], ['abort', []]);
  }
  engine.useSession(setup.openSession(model), 1).dispose();
  engine.submit(requests);
  const healthy = engineOf(model, { maxRows: 2, cacheTokens: 50 }).engine;
  healthy.submit(requests);
  const expected = finishAll(healthy);
  for (const [id, sequence] of finishAll(engine)) assert.equal(bits(sequence), bits(expected.get(id)!));
});
