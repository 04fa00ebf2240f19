/** From text or object to a job, or to all problems at once. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parsePPOJob } from '../../../operator/api/parse.ts';
import { manifestWith, minimalManifest, problemsWith } from './manifest.ts';

const EXAMPLE = new URL('../../../examples/arithmetic/ppojob.yaml', import.meta.url);

test('the least that a user must write becomes a job with defaults', () => {
  const parsed = parsePPOJob(minimalManifest());
  assert.ok(parsed.ok);
  assert.equal(parsed.job.spec.training.minibatchSize, 128);
  assert.equal(parsed.job.spec.models.reference.path, '/models/actor');
});

test('text and object mean the same, and the input stays as it was', () => {
  const manifest = minimalManifest();
  const before = JSON.stringify(manifest);
  assert.deepEqual(parsePPOJob(JSON.stringify(manifest)), parsePPOJob(manifest));
  assert.equal(JSON.stringify(manifest), before);
  const parsed = parsePPOJob(manifest);
  assert.ok(parsed.ok);
  assert.deepEqual(parsePPOJob(parsed.job), parsed);
});

test('problems of every kind are reported together', () => {
  const parsed = parsePPOJob(
    manifestWith({
      'metadata.name': 'Job',
      kind: 'Job',
      'spec.sed': 1,
      'spec.models.actor': {},
      'spec.training.actor.learningRate': 0.1,
      'spec.training.minibatchSize': 100,
    }),
  );
  assert.ok(!parsed.ok);
  assert.deepEqual(
    parsed.problems.map((problem) => problem.path),
    [
      'kind',
      'metadata.name',
      'spec.sed',
      'spec.models.actor.path',
      'spec.training.actor.learningRate',
      'spec.training.minibatchSize',
    ],
  );
});

test("another kind of object is told to be one: its spec isn't ours to judge", () => {
  const foreign = parsePPOJob({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'x' }, spec: { template: {} } });
  assert.ok(!foreign.ok);
  assert.deepEqual(foreign.problems.map(({ path }) => path), ['apiVersion', 'kind']); // biome-ignore format: one thought
  const [group, ...others] = problemsWith({ apiVersion: 'openrlhf.dev/v1', 'spec.sed': 1 });
  assert.deepEqual([group?.path, others.map(({ path }) => path)], ['apiVersion', ['spec.sed']]);
});

test('a default that does not fit is told to be one', () => {
  const foundOf = (changes: Readonly<Record<string, unknown>>) => problemsWith(changes).map(({ found }) => found);
  assert.deepEqual(foundOf({ 'spec.rollout': { batchSize: 100 } }), ['128, the default']);
  assert.deepEqual(foundOf({ 'spec.rollout': { batchSize: 100 }, 'spec.training': { minibatchSize: 128 } }), ['128']);
  assert.deepEqual(foundOf({ 'spec.reward': undefined }), ['neither model nor function']);
});

test('a model that would be overwritten is told of once', () => {
  const problems = problemsWith({ 'spec.output': { path: '/o' }, 'spec.models.actor.path': '/o/actor' });
  assert.deepEqual(problems.map(({ path }) => path), ['spec.models.actor.path']); // biome-ignore format: one thought
});

test('an empty or missing spec lists each required field', () => {
  const required = [
    'spec.models.actor.path',
    'spec.models.critic.path',
    'spec.dataset.train.path',
    'spec.algorithm.numIterations',
    'spec.reward',
  ];
  for (const spec of [undefined, null, {}]) {
    const parsed = parsePPOJob(manifestWith({ spec }));
    assert.ok(!parsed.ok);
    assert.deepEqual(
      parsed.problems.map((problem) => problem.path),
      required,
    );
  }
});

test('what is no mapping is refused, never thrown at', () => {
  for (const source of ['[]', '7', null, undefined, [], 'just text']) assert.equal(parsePPOJob(source).ok, false);
  assert.equal(parsePPOJob(manifestWith({ spec: 'x' })).ok, false);
});

test('the example means what its comments say', () => {
  const parsed = parsePPOJob(readFileSync(EXAMPLE, 'utf8'));
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const { spec, metadata } = parsed.job;
  assert.equal(metadata.name, 'arithmetic');
  assert.equal(spec.seed, 0);
  assert.equal(spec.algorithm.numIterations, 120);
  assert.equal(spec.roles.generation.replicas, 2);
  assert.equal(spec.models.reference.path, spec.models.actor.path);
  assert.equal((spec.rollout.batchSize / spec.training.minibatchSize) * spec.algorithm.numPpoEpochs, 8);
});
