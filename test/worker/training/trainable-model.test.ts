// Training on flat buffers: microbatches add up, the embedding's gradient is right, the same calls give the same bits,
// and a model learns.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { ModelConfig } from '../../../worker/models/config.ts';
import { layoutParameters, slotView } from '../../../worker/models/layout.ts';
import { createCpuDevice } from '../../../worker/runtime/cpu-device.ts';
import { DisposedError, RuntimeError } from '../../../worker/runtime/runtime-error.ts';
import { optimizerRanges, TrainableModel } from '../../../worker/training/trainable-model.ts';
import { likelihoodGraph, likelihoodInputs, noise, randomParameters, tinyConfig } from './support/tiny-model.ts';

const device = createCpuDevice();
const HYPER = { learningRate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0 };
const ROWS = [
  [3, 1, 4, 1, 5, 9, 2, 6],
  [2, 7, 1, 8, 2, 8, 1, 8],
];
const models: TrainableModel[] = [];
after(() => {
  for (const model of models) model.dispose();
});

function trainable(config: ModelConfig): TrainableModel {
  const layout = layoutParameters(config, 'language-model');
  const parameters = randomParameters(layout, 7);
  const gradients = new Float32Array(layout.numElements).fill(5);
  const model = new TrainableModel({ device, threads: 2, config, layout, parameters, gradients });
  models.push(model);
  return model;
}

function lossOf(outputs: Record<string, ArrayLike<unknown>>): number {
  return outputs.loss![0] as number;
}

for (const tieWordEmbeddings of [false, true]) {
  const config = tinyConfig({ tieWordEmbeddings, attentionBias: tieWordEmbeddings });
  const name = tieWordEmbeddings ? 'tied, with biases' : 'untied';

  test(`two microbatches of one row add up to one of two rows (${name})`, () => {
    const model = trainable(config);
    const both = model.compile(likelihoodGraph(config, { rows: 2, length: 8, positions: 14 }));
    const single = model.compile(likelihoodGraph(config, { rows: 1, length: 8, positions: 7 }));
    const wholeInputs = likelihoodInputs(ROWS);
    const whole = model.accumulate(both, wholeInputs);
    const expected = model.gradients.slice();
    model.zeroGradients();
    const weights = wholeInputs.lossWeights!.data as Float32Array;
    const parts = ROWS.map((row, b) => {
      const lossWeights = { data: weights.slice(7 * b, 7 * b + 7), shape: [7] };
      return model.accumulate(single, { ...likelihoodInputs([row]), lossWeights });
    });
    const loss = lossOf(parts[0]!) + lossOf(parts[1]!);
    assert.ok(Math.abs(loss - lossOf(whole)) < 1e-5 * loss, `${loss} and ${lossOf(whole)}`);
    const logprobs = parts.flatMap((part) => [...(part.logprobs as Float32Array)]);
    logprobs.forEach((logprob, m) => {
      assert.ok(Math.abs(logprob - (whole.logprobs as Float32Array)[m]!) < 1e-5);
    });
    const norm = Math.hypot(...expected);
    const difference = Math.hypot(...expected.map((value, i) => value - model.gradients[i]!));
    // Sums in another order: float32 rounding, measured 7e-8 of the norm.
    assert.ok(norm > 1 && difference < 2e-6 * norm, `${difference} of ${norm}`);
  });

  test(`the embedding's gradient is the loss's slope, 0 for tokens that do not occur if untied (${name})`, () => {
    const model = trainable(config);
    const program = model.compile(likelihoodGraph(config, { rows: 2, length: 8, positions: 14 }));
    model.accumulate(program, likelihoodInputs(ROWS));
    const slot = model.layout.slots.find((candidate) => candidate.name === 'embedding')!;
    const gradient = slotView(model.gradients, slot).slice();
    const next = noise(11);
    const direction = gradient.map((value) => value / Math.hypot(...gradient) + 0.02 * next());
    const lossAt = (step: number) => {
      const moved = slotView(model.parameters, slot);
      direction.forEach((value, i) => {
        moved[i]! += step * value;
      });
      model.zeroGradients();
      const loss = lossOf(model.accumulate(program, likelihoodInputs(ROWS)));
      direction.forEach((value, i) => {
        moved[i]! -= step * value;
      });
      return loss;
    };
    const slope = (lossAt(0.01) - lossAt(-0.01)) / 0.02;
    const expected = gradient.reduce((total, value, i) => total + value * direction[i]!, 0);
    // Central difference with h = 0.01: its own error is of order h^2.
    assert.ok(Math.abs(slope - expected) < 2e-3 * Math.abs(expected), `slope ${slope}, gradient ${expected}`);
    const absent = gradient.subarray(20 * config.hiddenSize, 21 * config.hiddenSize);
    assert.equal(
      absent.every((value) => value === 0),
      !tieWordEmbeddings,
    );
  });
}

test('the same calls give the same bits, and the model learns', () => {
  const config = tinyConfig();
  const train = () => {
    const model = trainable(config);
    const program = model.compile(likelihoodGraph(config, { rows: 1, length: 8, positions: 7 }));
    const losses = Array.from({ length: 12 }, () => {
      model.zeroGradients();
      const loss = ROWS.reduce((total, row) => total + lossOf(model.accumulate(program, likelihoodInputs([row]))), 0);
      const norm = model.gradientNorm();
      if (norm > 1) model.scaleGradients(1 / norm);
      assert.ok(model.gradientNorm() < 1 + 1e-6);
      model.step(HYPER);
      return loss;
    });
    return { losses, parameters: model.parameters };
  };
  const [first, second] = [train(), train()];
  assert.deepEqual(first.losses, second.losses);
  assert.deepEqual(first.parameters, second.parameters);
  assert.ok(first.losses.at(-1)! < 0.5 * first.losses[0]!, `losses ${first.losses}`);
});

test('restored moments and parameters continue to the bit', () => {
  const config = tinyConfig();
  const graph = likelihoodGraph(config, { rows: 2, length: 8, positions: 14 });
  const [model, resumed] = [trainable(config), trainable(config)];
  const programs = [model.compile(graph), resumed.compile(graph)] as const;
  const step = (target: TrainableModel, index: 0 | 1) => {
    target.zeroGradients();
    target.accumulate(programs[index], likelihoodInputs(ROWS));
    target.step({ ...HYPER, weightDecay: 0.1 });
  };
  step(model, 0);
  resumed.parameters.set(model.parameters);
  resumed.restore(model.moments());
  step(model, 0);
  step(resumed, 1);
  assert.equal(resumed.moments().stepCount, 2);
  assert.deepEqual(resumed.parameters, model.parameters);
});

test('padding stays 0 and vectors are not decayed', () => {
  const config = tinyConfig({ vocabSize: 21, hiddenSize: 30, headDim: 6, attentionBias: true });
  const model = trainable(config);
  const ranges = optimizerRanges(model.layout);
  for (const slot of model.layout.slots) {
    const range = ranges.find(({ start, end }) => start <= slot.offset && slot.offset < end)!;
    assert.equal(range.isDecayed, slot.shape.length === 2, slot.name);
  }
  assert.deepEqual(
    ranges.map(({ start }) => start),
    [0, ...ranges.map(({ end }) => end).slice(0, -1)],
  );
  const before = model.parameters.slice();
  model.step({ ...HYPER, weightDecay: 0.5 });
  const covered = new Uint8Array(model.layout.numElements);
  for (const slot of model.layout.slots) {
    slotView(model.parameters, slot).forEach((value, i) => {
      const old = before[slot.offset + i]!;
      const expected = slot.shape.length === 2 ? Math.fround(old * Math.fround(1 - 0.005)) : old;
      assert.equal(value, expected, `${slot.name}[${i}]`);
      covered[slot.offset + i] = 1;
    });
  }
  assert.ok(covered.some((isCovered) => isCovered === 0));
  assert.ok(model.parameters.every((value, i) => covered[i] === 1 || value === 0));
});

test('wrong inputs, wrong buffers and use after dispose are refused', () => {
  const config = tinyConfig();
  const model = trainable(config);
  const program = model.compile(likelihoodGraph(config, { rows: 1, length: 8, positions: 7 }));
  const { targets, ...inputs } = likelihoodInputs([ROWS[0]!]);
  assert.throws(
    () => model.accumulate(program, { ...inputs, lossWeights: targets! }),
    (error) =>
      error instanceof RuntimeError &&
      error.code === 'INVALID_BINDING' &&
      error.message ===
        'input "targets": found nothing, expected int64 [7]\ninput "lossWeights": found int64 [7], expected float32 [7]',
  );
  const tokenIds = { data: new BigInt64Array(8).fill(23n), shape: [8] };
  assert.throws(() => model.accumulate(program, { ...inputs, tokenIds, targets: targets! }), RuntimeError);
  const { layout, parameters } = model;
  assert.throws(
    () => new TrainableModel({ device, threads: 1, config, layout, parameters, gradients: new Float32Array(3) }),
    /gradients: found 3 elements, expected \d+/,
  );
  model.dispose();
  model.dispose();
  assert.throws(() => model.accumulate(program, inputs), DisposedError);
  assert.throws(() => model.step(HYPER), DisposedError);
});
