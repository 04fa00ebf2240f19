// AdamW against a float64 reference written from the paper's formulas, over several steps and chunk borders.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCpuDevice } from '../../../worker/runtime/cpu-device.ts';
import { DisposedError } from '../../../worker/runtime/runtime-error.ts';
import { AdamW, type AdamWHyper, type ParameterRange } from '../../../worker/training/adamw.ts';
import { noise } from './support/tiny-model.ts';

const device = createCpuDevice();
const HYPER: AdamWHyper = { learningRate: 0.01, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1 };

/** Algorithm 2 of "Decoupled Weight Decay Regularization" as it stands, in float64. */
function reference(parameters: Float64Array, gradientsByStep: readonly Float32Array[], decays: readonly number[]) {
  const first = new Float64Array(parameters.length);
  const second = new Float64Array(parameters.length);
  const { learningRate, beta1, beta2, epsilon } = HYPER;
  gradientsByStep.forEach((gradients, index) => {
    const t = index + 1;
    for (let i = 0; i < parameters.length; i++) {
      const g = gradients[i]!;
      first[i] = beta1 * first[i]! + (1 - beta1) * g;
      second[i] = beta2 * second[i]! + (1 - beta2) * g * g;
      const direction = first[i]! / (1 - beta1 ** t) / (Math.sqrt(second[i]! / (1 - beta2 ** t)) + epsilon);
      parameters[i]! -= learningRate * (direction + decays[i]! * parameters[i]!);
    }
  });
}

function random(length: number, seed: number): Float32Array {
  const next = noise(seed);
  return Float32Array.from({ length }, next);
}

function optimizer(parameters: Float32Array, gradients: Float32Array, ranges?: readonly ParameterRange[]): AdamW {
  const whole = [{ start: 0, end: parameters.length, isDecayed: true }];
  return new AdamW({ device, threads: 2, parameters, gradients, ranges: ranges ?? whole });
}

test('eight steps over three chunks and three ranges agree with float64 to 1e-6 of a parameter of size 1', () => {
  const length = 2 ** 19 + 1001;
  const ranges = [
    { start: 0, end: 1000, isDecayed: false },
    { start: 1000, end: length - 500, isDecayed: true },
    { start: length - 500, end: length, isDecayed: false },
  ];
  const parameters = random(length, 1);
  const expected = Float64Array.from(parameters);
  const gradients = new Float32Array(length);
  const gradientsByStep = Array.from({ length: 8 }, (_, step) => random(length, 100 + step));
  const decays = Array.from({ length }, (_, i) => (i < 1000 || i >= length - 500 ? 0 : HYPER.weightDecay));
  const adamw = optimizer(parameters, gradients, ranges);
  for (const current of gradientsByStep) {
    gradients.set(current);
    adamw.step(HYPER);
  }
  reference(expected, gradientsByStep, decays);
  assert.equal(adamw.stepCount, 8);
  let worst = 0;
  for (let i = 0; i < length; i++) worst = Math.max(worst, Math.abs(parameters[i]! - expected[i]!));
  // 8 steps of rounding at 6e-8 each: measured 5e-7. A wrong decay or correction would be 1e-3 or more.
  assert.ok(worst < 1e-6, `worst difference ${worst}`);
  adamw.dispose();
});

test('threads do not change a bit', () => {
  const results = [1, 2].map((threads) => {
    const parameters = random(300_000, 5);
    const gradients = random(300_000, 6);
    const ranges = [{ start: 0, end: parameters.length, isDecayed: true }];
    const adamw = new AdamW({ device, threads, parameters, gradients, ranges });
    for (let step = 0; step < 3; step++) adamw.step(HYPER);
    adamw.dispose();
    return parameters;
  });
  assert.deepEqual(results[0], results[1]);
});

test('elements without gradient and padding stay 0; elements outside the ranges stay as they are', () => {
  const parameters = Float32Array.of(0, 1, 1, 0);
  const gradients = Float32Array.of(0, 1, 1, 0);
  const adamw = optimizer(parameters, gradients, [{ start: 0, end: 2, isDecayed: true }]);
  adamw.step(HYPER);
  // The first step is learningRate * sign of the gradient, after the decay.
  assert.deepEqual([...parameters], [0, Math.fround(1 - 0.01 * 0.1 - 0.01), 1, 0]);
  adamw.dispose();
});

test('restored moments continue to the bit', () => {
  const gradients = random(1000, 8);
  const straight = random(1000, 9);
  const first = optimizer(straight, gradients);
  first.step(HYPER);
  const resumed = straight.slice();
  const second = optimizer(resumed, gradients);
  second.restore({ first: first.first, second: first.second, stepCount: first.stepCount });
  for (let step = 0; step < 3; step++) {
    first.step(HYPER);
    second.step(HYPER);
  }
  assert.deepEqual(resumed, straight);
  assert.equal(second.stepCount, 4);
  assert.throws(
    () => second.restore({ first: new Float32Array(999), second: new Float32Array(1000), stepCount: 1 }),
    /first moment: found 999 elements, expected 1000/,
  );
  first.dispose();
  second.dispose();
});

test('meaningless hyperparameters are refused together and nothing changes', () => {
  const parameters = random(16, 10);
  const before = parameters.slice();
  const adamw = optimizer(parameters, random(16, 11));
  assert.throws(
    () => adamw.step({ learningRate: Number.NaN, beta1: 1, beta2: -0.1, epsilon: 0, weightDecay: -1 }),
    (error) =>
      error instanceof RangeError &&
      [
        'learningRate: found NaN',
        'beta1: found 1',
        'beta2: found -0.1',
        'epsilon: found 0',
        'weightDecay: found -1',
      ].every((part) => error.message.includes(part)),
  );
  assert.deepEqual(parameters, before);
  assert.equal(adamw.stepCount, 0);
  adamw.dispose();
  assert.throws(() => adamw.step(HYPER), DisposedError);
});
