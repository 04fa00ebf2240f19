// A real critic process: values before each token, and a value update that brings them to the returns.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { loadModelFolder } from '../../../worker/models/folder.ts';
import { RpcError } from '../../../worker/service/rpc.ts';
import type { Experience } from '../../../worker/training/experience.ts';
import { testJob } from '../support/job-config.ts';
import { makeModel, makeTestFolder, type RunningWorker, spawnWorker, startWorker } from '../support/worker-process.ts';
import { countTokens, randomExperiences } from './support/rank.ts';
import { tinyConfig } from './support/tiny-model.ts';
import { append, exportModel, load, score, stepOf, train } from './support/trainer-calls.ts';

const folder = makeTestFolder();
const config = tinyConfig({ scoreMean: 0.2, scoreStd: 1.5 });
const modelPath = makeModel(join(folder.path, 'critic'), 'score', config);
const job = testJob({ models: { critic: modelPath }, algorithm: { valueClipRange: null } });
const sequences = randomExperiences(8, 3);
const numTokens = countTokens(sequences);
let critic: RunningWorker;

before(async () => {
  critic = await startWorker({ folder: folder.path, role: 'critic', job });
});
after(async () => {
  await critic.stop();
  folder.remove();
});

function meanSquaredError(rows: readonly number[][], experiences: readonly Experience[]): number {
  const errors = rows.flatMap((row, i) => row.map((value, t) => (value - experiences[i]!.columns.returns![t]!) ** 2));
  return errors.reduce((sum, error) => sum + error, 0) / errors.length;
}

test('training brings the values to the returns, and the loss is half the squared error of the values it scored', async () => {
  const rows = await score(critic, 'VALUES', sequences);
  const experiences = sequences.map((sequence, index) => ({
    ...sequence,
    columns: { returns: sequence.columns.returns!, oldValues: Float32Array.from(rows[index]!) },
  }));
  const before = meanSquaredError(rows, experiences);
  await append(critic, 0, experiences);
  const step = stepOf(
    numTokens,
    experiences.map((_, index) => index),
  );
  const first = (await train(critic, 0, [step], 0)).result;
  // The values trained on are the values scored: float32's rounding apart, measured 1e-7.
  assert.ok(Math.abs(first.metrics.loss! - before / 2) < 1e-5 * before, `${first.metrics.loss} and ${before / 2}`);
  assert.deepEqual(
    Object.keys(first.metrics).sort(),
    ['absoluteError', 'clipFraction', 'gradientNorm', 'learningRate', 'loss', 'value'].sort(),
  );
  await load(critic, 0, '');
  await append(critic, 0, experiences);
  await train(critic, 0, Array(20).fill(step), 1e-2);
  const after = meanSquaredError(await score(critic, 'VALUES', sequences), experiences);
  assert.ok(after < before / 4, `${before} became ${after}`);
});

test('the exported critic keeps its score head, mean and std', async () => {
  const directory = join(folder.path, 'export');
  await exportModel(critic, directory);
  const { config: exported } = loadModelFolder(directory, 'score');
  assert.deepEqual([exported.scoreMean, exported.scoreStd], [0.2, 1.5]);
});

test('it scores values alone and needs its own columns', async () => {
  await assert.rejects(score(critic, 'LOGPROBS', sequences), /this role scores VALUES/);
  const actors = sequences.map(({ tokenIds, promptLength, columns }) => {
    return { tokenIds, promptLength, columns: { oldLogprobs: columns.oldLogprobs!, advantages: columns.advantages! } };
  });
  await assert.rejects(append(critic, 5, actors), (error) => {
    assert.ok(error instanceof RpcError);
    assert.match(error.message, /experiences\[0\]\.old_values: found 0.*experiences\[0\]\.returns: found 0/);
    return true;
  });
});

test('a critic with a new head begins near zero, whatever the mean and deviation of the head that it replaces', async () => {
  const own = testJob({ models: { critic: modelPath }, criticHead: 'New' });
  const fresh = await startWorker({ folder: folder.path, role: 'critic', index: 2, job: own });
  try {
    const values = (await score(fresh, 'VALUES', sequences)).flat();
    // A saved head of this mean and deviation would be off by 0.2 / 1.5.
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    assert.ok(Math.abs(mean) < 0.1, String(mean));
    const directory = join(folder.path, 'fresh');
    await exportModel(fresh, directory);
    const { scoreMean, scoreStd } = loadModelFolder(directory, 'score').config;
    assert.deepEqual([scoreMean, scoreStd], [0, 1]);
  } finally {
    await fresh.stop();
  }
});

test('a language model is no critic: exit code 78 with a remedy', async () => {
  const wrong = makeModel(join(folder.path, 'language-model'), 'language-model', tinyConfig());
  const worker = spawnWorker({
    folder: folder.path,
    role: 'critic',
    index: 1,
    job: testJob({ models: { critic: wrong } }),
  });
  assert.equal(await worker.ended, 78);
  assert.match(worker.output(), /score\.weight: found nothing; .*A critic or reward model is needed here/s);
});
