/** A null means the same as leaving the field out, wherever the API server takes it so. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutNulls } from '../../../operator/api/nulls.ts';
import { specSchema } from '../../../operator/api/ppojob.ts';
import { problemsWith } from './manifest.ts';

test('nulls of fields and map entries go, those in lists and of unknown keys stay', () => {
  const spec = {
    seed: null,
    unknown: null,
    reward: { clipRange: [null, '1'], model: { path: null } },
    roles: { actor: { resources: { limits: { cpu: null, memory: '1Gi' } } }, critic: null },
    failurePolicy: { rules: [{ action: 'Ignore', exitCodes: null, roles: [null] }, null] },
  };
  assert.deepEqual(withoutNulls(specSchema, spec), {
    unknown: null,
    reward: { clipRange: [null, '1'], model: {} },
    roles: { actor: { resources: { limits: { memory: '1Gi' } } } },
    failurePolicy: { rules: [{ action: 'Ignore', roles: [null] }, null] },
  });
  for (const value of [null, 3, 'x', [null]]) assert.deepEqual(withoutNulls(specSchema, value), value);
});

test('a null takes the default, or is missing where there is none', () => {
  const fine = { 'spec.algorithm.whitenAdvantages': null, 'spec.roles': null, 'spec.models.reference': null };
  assert.deepEqual(problemsWith({ ...fine, 'metadata.labels': null }), []);
  const paths = problemsWith({ 'spec.algorithm.numIterations': null, 'spec.models.actor': null, 'spec.wrong': null });
  assert.deepEqual(
    paths.map(({ path, found }) => `${path} ${found}`),
    ['spec.wrong null', 'spec.models.actor.path nothing', 'spec.algorithm.numIterations nothing'],
  );
});
