/** Manifests from files: overrides, paths, missing files. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { loadManifest, type ManifestSource } from '../../../operator/local/manifest.ts';

const directory = mkdtempSync(join(tmpdir(), 'ppo-manifest-test-'));
after(() => rmSync(directory, { recursive: true }));
mkdirSync(join(directory, 'model'));
writeFileSync(join(directory, 'model', 'config.json'), '{}');
writeFileSync(join(directory, 'train.jsonl'), '');

const SPEC = `  models: { actor: { path: ./model }, critic: { path: model } }
  reward: { model: { path: ./model } }
  dataset: { train: { path: train.jsonl } }
  algorithm: { numIterations: 3 }
`;

function load(spec: string, source: Partial<ManifestSource> = {}) {
  const manifestPath = join(directory, 'job.yaml');
  writeFileSync(manifestPath, `apiVersion: rlhf.dev/v1alpha1\nkind: PPOJob\nmetadata: { name: a }\nspec:\n${spec}`);
  return loadManifest({ manifestPath, outputPath: null, defaultOutputRoot: '/outputs', overrides: [], ...source });
}

function specOf(loaded: ReturnType<typeof load>) {
  assert.ok(loaded.ok, JSON.stringify(loaded));
  return loaded.job.spec;
}

test("relative paths count from the manifest's folder; output has a folder of the job's name", () => {
  const spec = specOf(load(SPEC));
  assert.equal(spec.models.actor.path, join(directory, 'model'));
  assert.equal(spec.models.reference.path, join(directory, 'model'));
  assert.equal(spec.output.path, '/outputs/a');
  assert.equal(spec.checkpoint.path, '/outputs/a/checkpoints');
});

test("the manifest's output folder is kept; the command line's goes before it, and checkpoints follow", () => {
  const withOutput = `${SPEC}  output: { path: ./here }\n`;
  assert.equal(specOf(load(withOutput)).output.path, join(directory, 'here'));
  const spec = specOf(load(withOutput, { outputPath: '/there' }));
  assert.equal(spec.output.path, '/there');
  assert.equal(spec.checkpoint.path, '/there/checkpoints');
});

test('an override is YAML, or text where the schema wants a decimal; it may name fields that the manifest leaves out', () => {
  const overrides = [
    { path: 'spec.algorithm.numIterations', value: '9' },
    { path: 'spec.algorithm.gamma', value: '0.5' },
    { path: 'spec.training.actor.learningRate', value: '3e-4' },
    { path: 'spec.reward.clipRange', value: '["-1", "1"]' },
    { path: 'spec.algorithm.whitenAdvantages', value: 'false' },
  ];
  const spec = specOf(load(SPEC, { overrides }));
  assert.equal(spec.algorithm.numIterations, 9);
  assert.equal(spec.algorithm.gamma, '0.5');
  assert.equal(spec.training.actor.learningRate, '3e-4');
  assert.deepEqual(spec.reward.clipRange, ['-1', '1']);
  assert.equal(spec.algorithm.whitenAdvantages, false);
});

test('a wrong override is refused like a wrong manifest', () => {
  const loaded = load(SPEC, { overrides: [{ path: 'spec.algorithm.numIterations', value: '-1' }] });
  assert.ok(!loaded.ok);
  assert.deepEqual(
    loaded.problems.map(({ path, found }) => [path, found]),
    [['spec.algorithm.numIterations', '-1']],
  );
});

test('files that are not there are all reported', () => {
  const loaded = load(SPEC.replace('train.jsonl', 'none.jsonl').replace('path: model', 'path: elsewhere'));
  assert.ok(!loaded.ok);
  assert.deepEqual(
    loaded.problems.map(({ path }) => path),
    ['spec.models.critic.path', 'spec.dataset.train.path'],
  );
});

test('files that are not there are told of together with what else is wrong', () => {
  const loaded = load(SPEC.replace('train.jsonl', 'none.jsonl').replace('numIterations: 3', 'numIterations: 0'));
  assert.ok(!loaded.ok);
  const paths = loaded.problems.map(({ path }) => path);
  assert.deepEqual(paths, ['spec.algorithm.numIterations', 'spec.dataset.train.path']);
});

test('a manifest that cannot be read says why', () => {
  const remedyOf = (manifestPath: string) => {
    const loaded = loadManifest({ manifestPath, outputPath: null, defaultOutputRoot: '/outputs', overrides: [] });
    return loaded.ok ? '' : loaded.problems[0]?.remedy;
  };
  assert.equal(remedyOf(join(directory, 'x')), 'there is nothing: check the path; without a path the example is run');
  assert.match(remedyOf(directory) ?? '', /^it is a folder: name the manifest in it;/);
});

test('a manifest that is no mapping, or whose output is no mapping, is a problem and no crash', () => {
  for (const spec of [`${SPEC}  output: 3\n`, '  - 1\n', '']) assert.equal(load(spec).ok, false);
});

test('paths that only differ as text are found to be the same file', () => {
  const spec = SPEC.replace(
    'train: { path: train.jsonl }',
    'train: { path: train.jsonl }, evaluation: { path: ../here/train.jsonl }',
  );
  const loaded = load(spec.replaceAll('../here', `../${basename(directory)}`));
  assert.ok(!loaded.ok);
  assert.deepEqual(
    loaded.problems.map(({ path }) => path),
    ['spec.dataset.evaluation.path'],
  );
});

test('folders of a run hold nothing that the job reads: a later run moves them aside', () => {
  const problemsOf = (loaded: ReturnType<typeof load>) => (loaded.ok ? [] : loaded.problems.map(({ path }) => path));
  for (const outputPath of [directory, '/']) {
    assert.deepEqual(problemsOf(load(SPEC, { outputPath })), ['spec.output.path'], outputPath);
  }
  assert.deepEqual(problemsOf(load(`${SPEC}  checkpoint: { path: ./model/.. }\n`)), ['spec.checkpoint.path']);
  assert.deepEqual(problemsOf(load(SPEC, { outputPath: join(directory, 'mod') })), []);
});

test('what stands in a Secret must be in the environment here', () => {
  const tracing = 'tracing: { endpoint: "http://c:4318", headersSecret: { name: s, key: k } }';
  const spec = `${SPEC}  tracking: { ${tracing} }\n`;
  const loaded = load(spec);
  assert.ok(!loaded.ok);
  const [problem, ...others] = loaded.problems;
  assert.deepEqual(others, []);
  assert.equal(problem?.path, 'spec.tracking.tracing.headersSecret');
  assert.match(problem.remedy, /export OTEL_EXPORTER_OTLP_HEADERS=/);
  specOf(load(spec, { environment: { OTEL_EXPORTER_OTLP_HEADERS: 'key=1' } }));
});

test('a suspended job is refused, since nothing on this machine would ever resume it', () => {
  const loaded = load(`${SPEC}  suspend: true\n`);
  assert.ok(!loaded.ok);
  assert.deepEqual(
    loaded.problems.map(({ path }) => path),
    ['spec.suspend'],
  );
});
