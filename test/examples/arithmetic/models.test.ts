// A tiny run of everything: the same seed gives the same bits, and a reward model that knows too little is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertLearnable, type MadeModels, makeModels } from '../../../examples/arithmetic/models.ts';
import { splitProblems } from '../../../examples/arithmetic/task.ts';
import { createCpuDevice } from '../../../worker/runtime/cpu-device.ts';

const { train, heldout } = splitProblems();

function tinyRun(seed: number): { made: MadeModels; losses: number[] } {
  const losses: number[] = [];
  const made = makeModels({
    device: createCpuDevice(),
    threads: 2,
    seed,
    train: train.slice(0, 150),
    heldout: heldout.slice(0, 100),
    sftSteps: 8,
    rewardSteps: 4,
    samplesPerProblem: 2,
    onProgress: (_stage, _step, loss) => losses.push(loss),
  });
  return { made, losses };
}

test('the same seed gives the same bits, another seed other models', () => {
  const { made, losses } = tinyRun(5);
  assert.deepEqual(tinyRun(5), { made, losses });
  assert.equal(losses.length, 12);
  assert.notDeepEqual(tinyRun(6).losses, losses);
});

test('training changes the models: the loss falls, and actor and reward model part', () => {
  const { made, losses } = tinyRun(5);
  assert.ok(losses[7]! < losses[0]!, `${losses}`);
  assert.ok(made.reward.config.scoreStd > 0);
  assert.equal(made.actor.config.scoreStd, 1);
  assert.notDeepEqual(made.actor.parameters.slice(0, 96), made.reward.parameters.slice(0, 96));
});

test('a reward model below the limit is refused by its figures', () => {
  assertLearnable({ pairs: 1, balanced: 0.98 }, 0.98);
  assert.throws(() => assertLearnable({ pairs: 1, balanced: 0.9 }, 0.98), /90\.0 %, allowed: at least 98\.0 %/);
});
