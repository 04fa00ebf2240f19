/** What surrounds the spec: apiVersion, kind and a name that fits every child. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_NAME_CHARACTERS } from '../../../operator/api/metadata.ts';
import { podName } from '../../../operator/plan/children.ts';
import { jobWith, problemsWith } from './manifest.ts';

const only = (changes: Readonly<Record<string, unknown>>) => {
  const problems = problemsWith(changes);
  assert.equal(problems.length, 1, JSON.stringify(problems));
  return problems[0] as (typeof problems)[number];
};

test('apiVersion and kind must be ours', () => {
  assert.deepEqual(only({ kind: 'PPOjob' }), {
    path: 'kind',
    found: '"PPOjob"',
    rule: 'must be PPOJob',
    remedy: 'did you mean PPOJob?',
  });
  assert.equal(only({ apiVersion: undefined }).remedy, 'write apiVersion: rlhf.dev/v1alpha1');
});

test('a name that cannot name pods is refused with one that can', () => {
  assert.equal(only({ 'metadata.name': '1st Job_' }).remedy, 'use for example st-job');
  assert.equal(only({ 'metadata.name': 'a'.repeat(48) }).remedy, `use for example ${'a'.repeat(47)}`);
  assert.equal(only({ 'metadata.name': undefined }).found, 'nothing');
  assert.deepEqual(only({ metadata: 'x' }), {
    path: 'metadata',
    found: '"x"',
    rule: 'must be a mapping with the key name',
    remedy: 'write it as {name: my-job}',
  });
  for (const name of ['', '-a', 'a-', 'A', 'a.b', 'ä'])
    assert.equal(only({ 'metadata.name': name }).path, 'metadata.name');
});

test("the longest name's longest pod name is a valid host name", () => {
  const name = 'a'.repeat(MAX_NAME_CHARACTERS);
  assert.deepEqual(problemsWith({ 'metadata.name': name }), []);
  assert.equal(podName(name, 'generation', 1023).length, 63);
  assert.ok(podName(name, 'coordinator', 0).length <= 63);
});

test('namespace, labels, annotations and keys are checked', () => {
  assert.equal(only({ 'metadata.namespace': 'My Team' }).path, 'metadata.namespace');
  assert.equal(only({ 'metadata.labels': { gpu: true } }).remedy, 'put numbers and true/false in quotes');
  assert.equal(only({ 'metadata.annotations': [] }).path, 'metadata.annotations');
  assert.equal(only({ 'metadata.lables': {} }).remedy, 'did you mean labels?');
  assert.equal(only({ specs: {} }).remedy, 'did you mean spec?');
  assert.equal(only({ rollout: {} }).remedy, 'did you mean spec.rollout?');
  assert.deepEqual(problemsWith({ 'metadata.labels': { team: 'a' }, 'metadata.namespace': 'team-a' }), []);
  // As the API server has it: null is as good as absent.
  assert.equal(jobWith({ 'metadata.namespace': null }).metadata.namespace, 'default');
});

test('an object as a cluster hands it out is accepted', () => {
  const changes = {
    'metadata.uid': 'u',
    'metadata.resourceVersion': '12',
    'metadata.generation': 1,
    'metadata.creationTimestamp': '2026-01-01T00:00:00Z',
    'metadata.managedFields': [],
    status: { observedGeneration: 1 },
  };
  assert.deepEqual(problemsWith(changes), []);
});
