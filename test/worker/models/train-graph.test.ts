// The gradients of a whole policy by finite differences, tiny and at a size where kernels split their work.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Graph } from '../../../worker/graph/graph.ts';
import { clamp, exp, minimum, multiply, negate, subtract } from '../../../worker/graph/ops/elementwise.ts';
import { mean } from '../../../worker/graph/ops/reduce.ts';
import type { ModelConfig } from '../../../worker/models/config.ts';
import { logitsHead, logprobHead } from '../../../worker/models/heads.ts';
import { finishTrainGraph } from '../../../worker/models/train-graph.ts';
import { buildTrunk } from '../../../worker/models/trunk.ts';
import { assertClose, finiteDifferences, Runner, random, randomIds, runOnce } from '../graph/support.ts';
import { batchInputs, type RandomModel, randomModel, tinyConfig } from './support.ts';

/** PPO's clipped policy loss over the selected positions. */
function policyGraph(model: RandomModel, shape: { rows: number; length: number; positions: number }) {
  const graph = new Graph();
  const trunk = buildTrunk(graph, model, shape);
  const input = (name: string) => graph.input(name, [shape.positions]);
  const targets = graph.input('targets', [shape.positions], 'int64');
  const logprobs = logprobHead(graph, logitsHead(graph, trunk), targets);
  const ratio = exp(graph, subtract(graph, logprobs, input('oldLogprobs')));
  const advantages = input('advantages');
  const unclipped = multiply(graph, ratio, advantages);
  const clipped = multiply(graph, clamp(graph, ratio, 0.8, 1.2), advantages);
  const loss = negate(graph, mean(graph, minimum(graph, unclipped, clipped)));
  graph.output(logprobs, 'logprobs');
  return finishTrainGraph(graph, loss, trunk, model.layout);
}

/** Old logprobs that differ from the new by up to 0.15, so that no ratio is near a clip range's end. */
function policyInputs(model: RandomModel, shape: { rows: number; length: number; positions: number }, threads: number) {
  const { vocabSize } = model.config;
  const { rows, length, positions } = shape;
  const ids = Array.from(randomIds(rows * length, 11, vocabSize), Number);
  const tokens = Array.from({ length: rows }, (_, row) => ids.slice(row * length, (row + 1) * length));
  const selected = Array.from({ length: positions }, (_, i) => Math.floor((i * rows * length) / positions));
  const inputs = {
    ...model.parameters,
    ...batchInputs(tokens, selected),
    targets: randomIds(positions, 5, vocabSize),
    advantages: random(positions, 6),
    oldLogprobs: new Float32Array(positions),
  };
  const { logprobs } = runOnce(policyGraph(model, shape), inputs, threads);
  const shifts = random(positions, 7, -0.15, 0.15);
  inputs.oldLogprobs.set(logprobs!.map((x, i) => x + shifts[i]!));
  return { inputs, tokenIds: inputs.tokenIds };
}

/** Slot gradients with the embedded rows added in, as a trainer does. */
function slotGradients(model: RandomModel, outputs: Record<string, Float32Array>, tokenIds: BigInt64Array) {
  const d = model.config.hiddenSize;
  const embedding = outputs['gradient.embedding']?.slice() ?? new Float32Array(model.config.vocabSize * d);
  outputs.embeddedGradient!.forEach((value, i) => {
    embedding[Number(tokenIds[Math.floor(i / d)]) * d + (i % d)]! += value;
  });
  return new Map(
    model.layout.slots.map(({ name }) => [
      name,
      name === 'embedding' ? embedding : outputs[`gradient.${name}`]!.slice(),
    ]),
  );
}

const VARIANTS: Readonly<Record<string, Partial<ModelConfig>>> = {
  'grouped queries': {},
  'tied embeddings': { tieWordEmbeddings: true },
  'biases, wide heads': { attentionBias: true, headDim: 6, numKvHeads: 4 },
};

for (const [name, changes] of Object.entries(VARIANTS)) {
  test(`every gradient of a policy equals finite differences: ${name}`, () => {
    const model = randomModel({ ...tinyConfig, ...changes }, 'language-model');
    const shape = { rows: 2, length: 5, positions: 6 };
    const { inputs, tokenIds } = policyInputs(model, shape, 1);
    using runner = new Runner(policyGraph(model, shape), inputs);
    runner.run();
    for (const [slot, analytic] of slotGradients(model, runner.outputs, tokenIds)) {
      const numeric = finiteDifferences(
        inputs[`parameter.${slot}` as keyof typeof inputs] as Float32Array,
        0.01,
        () => {
          runner.run();
          return runner.outputs.loss![0]!;
        },
      );
      // The noise of a float32 loss (1e-7) over the step 0.01 is about 1e-5; gradients are of order 0.1.
      assertClose(analytic, numeric, 2e-4, `gradient of ${slot}`);
    }
  });
}

test('at 2048 tokens x 512 on 2 threads the gradients are the slope along each slot, and repeat bit for bit', () => {
  const model = randomModel(
    {
      ...tinyConfig,
      vocabSize: 300,
      hiddenSize: 512,
      intermediateSize: 768,
      numLayers: 1,
      numHeads: 8,
      numKvHeads: 4,
      headDim: 64,
    },
    'language-model',
  );
  const shape = { rows: 16, length: 128, positions: 1024 };
  const { inputs, tokenIds } = policyInputs(model, shape, 2);
  using runner = new Runner(policyGraph(model, shape), inputs, 2);
  runner.run();
  const gradients = slotGradients(model, runner.outputs, tokenIds);
  runner.run();
  assert.deepEqual(slotGradients(model, runner.outputs, tokenIds), gradients);
  for (const [slot, gradient] of gradients) {
    const parameter = inputs[`parameter.${slot}` as keyof typeof inputs] as Float32Array;
    const original = parameter.slice();
    const norm = Math.hypot(...chunkNorms(gradient));
    // Along the gradient itself the slope is its norm; step so that the loss moves by about 0.002, far above its noise.
    const step = 0.001 / norm;
    const at = (offset: number) => {
      for (let i = 0; i < parameter.length; i++) parameter[i] = original[i]! + (offset * gradient[i]!) / norm;
      runner.run();
      return runner.outputs.loss![0]!;
    };
    const slope = (at(step) - at(-step)) / (2 * step);
    parameter.set(original);
    assertClose([slope / norm], [1], 1e-3, `slope along the gradient of ${slot}`);
  }
});

/** Norms of pieces, because Math.hypot takes only so many arguments. */
function chunkNorms(x: Float32Array): number[] {
  const norms: number[] = [];
  for (let i = 0; i < x.length; i += 1024) norms.push(Math.hypot(...x.subarray(i, i + 1024)));
  return norms;
}
