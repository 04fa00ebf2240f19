/** What may change after a job has started: every field of the spec is in exactly one part, unlisted ones are locked. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { immutabilityRules, partsByMutability } from '../../../operator/api/mutability.ts';
import { ROLE_NAMES } from '../../../operator/api/names.ts';
import { specSchema } from '../../../operator/api/ppojob.ts';

const parts = partsByMutability(specSchema);
const pathsOf = (mutability: string) =>
  parts.filter((part) => part.mutability === mutability).map(({ path }) => path.join('.'));

test('a running job takes a suspension, a deadline, more restarts and other generation replicas', () => {
  assert.deepEqual(
    pathsOf('always').sort(),
    [
      ...['activeDeadlineSeconds', 'suspend', 'roles.generation.replicas', 'ttlSecondsAfterFinished'],
      ...['backoffLimit', 'cleanPodPolicy', 'failurePolicy', 'security.networkPolicy'],
      ...ROLE_NAMES.map((role) => `roles.${role}.maxRestarts`),
    ].sort(),
  );
});

test('a suspended job takes whatever its pods are made of', () => {
  const ofRoles = ROLE_NAMES.flatMap((role) =>
    ['resources', 'threads', 'devices', 'podTemplate'].map((key) => `roles.${role}.${key}`),
  );
  assert.deepEqual(
    pathsOf('whileSuspended').sort(),
    [
      ...[...ofRoles, 'deadlines', 'image', 'placement.devices', 'scheduling', 'terminationGracePeriodSeconds'],
      ...['podTemplate', 'security.tls', 'tracking', 'logLevel'],
    ].sort(),
  );
});

test('what is learned stays once it has begun, and so does every field that nobody thought about', () => {
  const locked = pathsOf('beforeStart');
  for (const key of ['seed', 'models', 'reward', 'dataset', 'algorithm', 'training', 'output']) {
    assert.ok(locked.includes(key), key);
  }
  assert.ok(locked.includes('roles.actor.replicas'));
  const [part] = partsByMutability(z.object({ novel: z.string().optional() }));
  assert.deepEqual(part, { path: ['novel'], mutability: 'beforeStart', isOptional: true });
});

test('rules compare absent fields too, and name their field', () => {
  const rules = immutabilityRules(specSchema);
  assert.equal(rules.length, parts.length - pathsOf('always').length);
  const rule = rules.find(({ fieldPath }) => fieldPath === '.spec.roles.actor.resources')?.rule ?? '';
  assert.match(rule, /has\(self\.spec\.roles\.actor\.resources\) == has\(oldSelf\.spec\.roles\.actor\.resources\)/);
});
