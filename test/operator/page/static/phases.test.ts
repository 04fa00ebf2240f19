// Where the time of an iteration goes, of the newest iterations alone; evaluations count in those that had one.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { measurePhases } from '../../../../operator/page/static/phases.js';

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const series = (name: string, iterations: number[], values: number[]) => ({ name, iterations, values });

it('is the mean of the newest ten iterations, and tells the rest', () => {
  const iterations = range(1, 30);
  const measured = measurePhases([
    series(
      'timing/iteration',
      iterations,
      iterations.map((i) => (i > 20 ? 2 : 100)),
    ),
    series(
      'timing/rollout',
      iterations,
      iterations.map((i) => (i > 20 ? 0.5 : 99)),
    ),
    series(
      'timing/training',
      iterations,
      iterations.map(() => 1),
    ),
    series('timing/evaluation', [15, 20, 25, 30], [9, 9, 1, 1]),
    series(
      'timing/actorTraining',
      iterations,
      iterations.map(() => 1),
    ),
  ]);
  assert.equal(measured?.numIterations, 10);
  assert.equal(measured.totalSeconds, 2);
  const seconds = Object.fromEntries(measured.phases.map((phase) => [phase.label, Number(phase.seconds.toFixed(6))]));
  assert.deepEqual(seconds, {
    'Generation of responses': 0.5,
    'Scores, values, logprobs': 0,
    'PPO epochs': 1,
    'Weights to generation': 0,
    'Evaluation, where due': 0.2,
    'The rest': 0.3,
  });
  assert.ok(Math.abs(measured.phases.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9);
});

it('is unknown before the first iteration, and its parts are never negative', () => {
  assert.equal(measurePhases([]), null);
  const measured = measurePhases([series('timing/iteration', [1], [1]), series('timing/rollout', [1], [1.01])]);
  assert.equal(measured?.phases.at(-1)?.seconds, 0);
});
