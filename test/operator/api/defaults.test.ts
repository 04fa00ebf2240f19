/** Defaults that depend on other fields, and that nothing that is set gets changed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyDefaults } from '../../../operator/api/defaults.ts';
import type { PPOJobManifest } from '../../../operator/api/ppojob.ts';
import { manifestWith, minimalManifest } from './manifest.ts';

const withChanges = (changes: Readonly<Record<string, unknown>>) => manifestWith(changes) as PPOJobManifest;

test("the reference is the actor's model, checkpoints lie in the output", () => {
  const { metadata, spec } = applyDefaults(minimalManifest());
  assert.equal(metadata.namespace, 'default');
  assert.deepEqual(spec.models.reference, { path: '/models/actor' });
  assert.equal(spec.checkpoint.path, './output/checkpoints');
  assert.equal(applyDefaults(withChanges({ 'spec.output.path': '/out/' })).spec.checkpoint.path, '/out/checkpoints');
});

test('what is set stays', () => {
  const changes = {
    'metadata.namespace': 'team',
    'spec.models.reference': { path: '/r' },
    'spec.checkpoint.path': '/c',
    'spec.seed': 7,
    status: { observedGeneration: 3 },
  };
  const job = applyDefaults(withChanges(changes));
  assert.equal(job.metadata.namespace, 'team');
  assert.deepEqual(job.spec.models.reference, { path: '/r' });
  assert.equal(job.spec.checkpoint.path, '/c');
  assert.equal(job.spec.seed, 7);
  assert.deepEqual(job.status, { observedGeneration: 3 });
});

test('defaults are a fixed point', () => {
  const once = applyDefaults(minimalManifest());
  assert.deepEqual(applyDefaults(once), once);
});
