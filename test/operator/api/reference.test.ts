/** The reference of all fields says of each what the API server holds to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderReference } from '../../../operator/api/reference.ts';

const rows = renderReference()
  .split('\n')
  .filter((line) => line.startsWith('| `'));
const typesOf = (path: string): string[] =>
  rows.filter((row) => row.startsWith(`| \`${path}\` |`)).map((row) => row.split(' | ')[1] ?? '');

test("a role's fields are said once for all roles, but for bounds that differ", () => {
  assert.deepEqual(typesOf('roles.<role>.replicas'), ['whole number, from 1 to 256']);
  assert.deepEqual(typesOf('roles.generation.replicas'), ['whole number, from 1 to 1024']);
  assert.deepEqual(typesOf('roles.coordinator.replicas'), ['whole number, always 1']);
  for (const path of ['roles.actor.replicas', 'roles.critic.replicas', 'roles.generation.threads'])
    assert.deepEqual(typesOf(path), []);
});

test('a bound is one that somebody set', () => {
  assert.deepEqual(typesOf('seed'), ['whole number, from 0']);
  assert.deepEqual(typesOf('algorithm.gamma'), ['decimal in quotes, at least 0 and at most 1']);
  assert.deepEqual(typesOf('lastFailure.exitCode'), ['whole number']);
});
