/** Every path of a job is resolved against the manifest's folder, and none is forgotten. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inputPaths, resolvePaths } from '../../../operator/api/paths.ts';
import { specSchema } from '../../../operator/api/ppojob.ts';
import { allPaths, formatPath, valueAt } from '../../../operator/api/schema-tree.ts';
import { jobWith } from './manifest.ts';

const RELATIVE = {
  'spec.models': { actor: { path: './a' }, critic: { path: 'c' }, reference: { path: '../ref' } },
  'spec.reward.model.path': 'r',
  'spec.dataset': { train: { path: './t.jsonl' }, evaluation: { path: 'e.jsonl' } },
  'spec.output.path': 'out',
  'spec.tracking': { tensorboard: { path: 'events' }, wandb: { project: 'p' } },
};

test('relative paths count from the folder, absolute ones stay', () => {
  const { spec } = resolvePaths(jobWith({ ...RELATIVE, 'spec.checkpoint.path': '/checkpoints' }), '/jobs/one');
  assert.deepEqual(spec.models, {
    actor: { path: '/jobs/one/a' },
    critic: { path: '/jobs/one/c', initializeHead: false },
    reference: { path: '/jobs/ref' },
  });
  assert.equal(spec.reward.model?.path, '/jobs/one/r');
  assert.deepEqual(spec.dataset.train, { path: '/jobs/one/t.jsonl' });
  assert.deepEqual(spec.dataset.evaluation, { path: '/jobs/one/e.jsonl' });
  assert.equal(spec.output.path, '/jobs/one/out');
  assert.equal(spec.checkpoint.path, '/checkpoints');
  assert.equal(spec.tracking.tensorboard?.path, '/jobs/one/events');
  assert.equal(spec.tracking.wandb?.path, '/jobs/one/out/wandb');
});

test('no field called path is left relative', () => {
  const job = resolvePaths(jobWith(RELATIVE), '/jobs/one');
  const fields = allPaths(specSchema).filter((path) => path.at(-1) === 'path');
  assert.equal(fields.length, 11);
  const { spec } = resolvePaths(jobWith({ ...RELATIVE, 'spec.reward': { function: { path: 'f.ts' } } }), '/jobs/one');
  for (const field of fields) {
    const isFunction = formatPath(field) === 'reward.function.path';
    assert.match(String(valueAt(isFunction ? spec : job.spec, field)), /^\//, formatPath(field));
  }
});

test('inputs are what the job reads, not what it writes', () => {
  const expected = ['./a', 'c', '../ref', './t.jsonl', 'r', 'e.jsonl'];
  assert.deepEqual(inputPaths(jobWith(RELATIVE)), expected);
});
