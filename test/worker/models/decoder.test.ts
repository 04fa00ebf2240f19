// The decoder's graph against the training graph: logits over positions, chunks and single tokens, temperature.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ModelConfig } from '../../../worker/models/config.ts';
import { buildDecoderGraph } from '../../../worker/models/decoder.ts';
import { createCpuDevice } from '../../../worker/runtime/cpu-device.ts';
import type { TensorView } from '../../../worker/runtime/device.ts';
import { assertClose } from '../graph/support.ts';
import { logitsOf, type RandomModel, randomModel, tinyConfig } from './support.ts';

const CACHE_TOKENS = 12;
const decodableConfig: ModelConfig = { ...tinyConfig, headDim: 8 };
const ROW = [1, 4, 9, 3, 2, 10, 10, 7];

/** Runs parts of a sequence one after the other through one cache; logprobs and probabilities [V] after the last. */
function decode(model: RandomModel, parts: readonly (readonly number[])[], inverseTemperature = 1) {
  const { config, layout } = model;
  const shapes = new Map(layout.slots.map((slot) => [`parameter.${slot.name}`, slot.shape]));
  const initializers = Object.fromEntries(
    Object.entries(model.parameters).map(([name, data]) => [name, { data, shape: shapes.get(name)! }]),
  );
  const graph = buildDecoderGraph({ config, layout }, CACHE_TOKENS);
  const session = createCpuDevice().createSession(graph, { threads: 1, prepacking: true, initializers });
  const cache: Record<string, TensorView> = {};
  const present: Record<string, TensorView> = {};
  for (let layer = 0; layer < config.numLayers; layer++) {
    for (const kind of ['Keys', 'Values']) {
      const shape = [1, config.numKvHeads, CACHE_TOKENS, config.headDim];
      const view = { data: new Float32Array(config.numKvHeads * CACHE_TOKENS * config.headDim), shape };
      cache[`past${kind}.${layer}`] = view;
      present[`present${kind}.${layer}`] = view;
    }
  }
  const logprobs = new Float32Array(config.vocabSize);
  const probabilities = new Float32Array(config.vocabSize);
  const row = (data: Float32Array) => ({ data, shape: [1, config.vocabSize] });
  let start = 0;
  for (const part of parts) {
    const positions = BigInt64Array.from(part, (_, i) => BigInt(start + i));
    const run = session.bind(
      {
        ...cache,
        tokenIds: { data: BigInt64Array.from(part, BigInt), shape: [part.length] },
        positions: { data: positions, shape: [1, part.length] },
        lastPositions: { data: Int32Array.of(start + part.length - 1), shape: [1] },
        cacheTokens: { data: Int32Array.of(CACHE_TOKENS), shape: [] },
        selected: { data: BigInt64Array.of(BigInt(part.length - 1)), shape: [1] },
        inverseTemperatures: { data: Float32Array.of(inverseTemperature), shape: [1, 1] },
      },
      { ...present, logprobs: row(logprobs), probabilities: row(probabilities) },
    );
    run.run();
    run.dispose();
    start += part.length;
  }
  session.dispose();
  return { logprobs, probabilities };
}

function logSoftmax(logits: Float32Array, temperature: number): number[] {
  const scaled = Array.from(logits, (logit) => logit / temperature);
  const total = Math.log(scaled.reduce((sum, x) => sum + Math.exp(x), 0));
  return scaled.map((x) => x - total);
}

const variants: Readonly<Record<string, ModelConfig>> = {
  'the Llama family': decodableConfig,
  'heads of 24 elements': { ...decodableConfig, headDim: 24 },
  'one KV head': { ...decodableConfig, numKvHeads: 1 },
  'tied embeddings and biases (Qwen2)': {
    ...decodableConfig,
    modelType: 'qwen2',
    tieWordEmbeddings: true,
    attentionBias: true,
  },
};

for (const [name, config] of Object.entries(variants)) {
  test(`${name}: agrees with the training graph, token by token, in chunks, in both`, () => {
    const model = randomModel(config, 'language-model');
    const last = logitsOf(model, [ROW], [ROW.length - 1]);
    const expected = logSoftmax(last, 1);
    const ways = [ROW.map((token) => [token]), [ROW], [ROW.slice(0, 5), [ROW[5]!], ROW.slice(6)]];
    for (const parts of ways) assertClose(decode(model, parts).logprobs, expected, 2e-5, `${parts.length} parts`);
  });
}

test('logprobs and probabilities are at the temperature that is asked for', () => {
  const model = randomModel(decodableConfig, 'language-model');
  const last = logitsOf(model, [ROW], [ROW.length - 1]);
  const { logprobs, probabilities } = decode(model, [ROW], 1 / 0.5);
  assertClose(logprobs, logSoftmax(last, 0.5), 2e-5, 'logprobs');
  assertClose(probabilities, logSoftmax(last, 0.5).map(Math.exp), 2e-5, 'probabilities');
});

test('refuses a cache that the model has no positions for, and heads that the operator has not', () => {
  const model = randomModel({ ...decodableConfig, maxPositions: 8 }, 'language-model');
  assert.throws(() => buildDecoderGraph(model, 9), /9 cache tokens of 2..8/);
  assert.throws(() => buildDecoderGraph(model, 1), /1 cache tokens/);
  assert.throws(() => buildDecoderGraph(randomModel(tinyConfig, 'language-model'), 9), /heads of 4 elements/);
});
