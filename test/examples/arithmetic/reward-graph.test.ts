// The reward model's loss: its inputs by hand, its gradients by finite differences.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  buildRewardGraph,
  NUM_PAIRS,
  rewardInputs,
  twoHeadedLayout,
} from '../../../examples/arithmetic/reward-graph.ts';
import { initialParameters } from '../../../examples/arithmetic/sft.ts';
import { MODEL_CONFIG, promptTokenIds, responseTokenIds, splitProblems } from '../../../examples/arithmetic/task.ts';
import { Rng } from '../../../worker/ppo/rng.ts';
import { createCpuDevice } from '../../../worker/runtime/cpu-device.ts';
import { TrainableModel } from '../../../worker/training/trainable-model.ts';

/** Every answer one too many: "46" against "47". */
const pairs = splitProblems()
  .train.slice(0, NUM_PAIRS)
  .map((problem) => ({
    prompt: promptTokenIds(problem),
    chosen: responseTokenIds(String(problem.a + problem.b)),
    rejected: responseTokenIds(String(problem.a + problem.b + 1)),
  }));

test('a pair is compared from the first token that differs to the end of the longer response', () => {
  const chosen = [5, 6, 2];
  const rows = [
    { prompt: [1, 4], chosen, rejected: [5, 7, 2] },
    { prompt: [1, 4], chosen, rejected: [5, 6, 7, 8, 9] },
    { prompt: [1, 4], chosen, rejected: [8, 2] },
  ];
  const weights = rewardInputs(rows).pairWeights!.data as Float32Array;
  const scaled = Array.from(weights.subarray(0, 15), (weight) => Math.round(weight * 6 * rows.length));
  assert.deepEqual(scaled, [0, 3, 3, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 0, 0]);
});

test('an ended response keeps its last score', () => {
  const steps = rewardInputs(pairs).steps!;
  const [, numSteps, positions] = steps.shape as [number, number, number];
  const { chosen } = pairs[0]!;
  const seen = Array.from({ length: numSteps }, (_, step) =>
    (steps.data as Float32Array).subarray(step * positions, (step + 1) * positions).indexOf(1),
  );
  assert.deepEqual(
    seen,
    seen.map((_, step) => 1 + Math.min(step, chosen.length - 1)),
  );
});

test('the gradient is the slope of the loss', () => {
  const layout = twoHeadedLayout();
  const parameters = initialParameters(layout, new Rng(7));
  const gradients = new Float32Array(layout.numElements);
  const device = createCpuDevice();
  const model = new TrainableModel({ device, threads: 2, config: MODEL_CONFIG, layout, parameters, gradients });
  try {
    const program = model.compile(buildRewardGraph(layout));
    const inputs = rewardInputs(pairs);
    const lossAt = (at: Float32Array) => {
      parameters.set(at);
      model.zeroGradients();
      return Number(model.accumulate(program, inputs).loss![0]);
    };
    const start = parameters.slice();
    lossAt(start);
    // Along the gradient itself the slope is its norm: an error in any part of it shows, and float32 suffices.
    const norm = model.gradientNorm();
    const direction = gradients.map((slope) => slope / norm);
    const step = 0.01;
    const moved = (by: number) => start.map((value, i) => value + by * direction[i]!);
    const slope = (lossAt(moved(step)) - lossAt(moved(-step))) / (2 * step);
    assert.ok(Math.abs(slope / norm - 1) < 0.01, `slope ${slope}, norm of the gradient ${norm}`);
  } finally {
    model.dispose();
  }
});
