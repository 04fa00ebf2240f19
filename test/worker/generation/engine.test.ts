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

/** Logprobs of a response's tokens by the graph that training runs. */
function trainerLogprobs(
  model: FlatModel,
  promptTokenIds: readonly number[],
  tokenIds: readonly number[],
): Float32Array {
  const row = [...promptTokenIds, ...tokenIds];
  const selected = tokenIds.map((_, i) => promptTokenIds.length - 1 + i);
  const shape = { rows: 1, length: row.length, positions: tokenIds.length };
  const inputs = { ...parameterInputs(model.parameters, model.layout), ...batchInputs([row], selected) };
  const targets = BigInt64Array.from(tokenIds, BigInt);
  return runOnce(buildLogprobGraph(model, shape), { ...inputs, targets }).logprobs!;
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
    for (const { id, promptTokenIds } of requests) {
      const { tokenIds, logprobs } = finished.get(id)!;
      const expected = trainerLogprobs(model, promptTokenIds, tokenIds);
      expected.forEach((logprob, i) => {
        largest = Math.max(largest, Math.abs(logprob - logprobs[i]!));
      });
    }
    assert.ok(largest < 1e-4, `largest difference ${largest}`);
  });
}
