// The API server's refusals become the errors that callers know.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { NamespaceGoingError } from '../../../operator/cluster/errors.ts';
import { toClusterError } from '../../../operator/cluster/kubernetes-errors.ts';

const SUBJECT = { title: 'Pod default/a', name: 'a' };

it('knows every status that callers react to', () => {
  const codes = [400, 401, 403, 404, 409, 410, 413, 415, 422, 429, 500, 503, 504].map((status) => [
    status,
    toClusterError(status, { message: 'm' }, SUBJECT).code,
  ]);
  assert.deepEqual(codes, [
    [400, 'Invalid'],
    [401, 'Forbidden'],
    [403, 'Forbidden'],
    [404, 'NotFound'],
    [409, 'Conflict'],
    [410, 'Gone'],
    [413, 'Invalid'],
    [415, 'Invalid'],
    [422, 'Invalid'],
    [429, 'Unavailable'],
    [500, 'Unavailable'],
    [503, 'Unavailable'],
    [504, 'Unavailable'],
  ]);
});

it('tells a name that is taken from a conflict, and names the owners of fields', () => {
  const taken = toClusterError(409, { reason: 'AlreadyExists' }, SUBJECT);
  assert.deepEqual([taken.code, taken.message], ['AlreadyExists', 'Pod default/a already exists']);
  const cause = { reason: 'FieldManagerConflict', message: 'conflict with "kubectl" using v1', field: '.spec.x' };
  const owned = toClusterError(409, { reason: 'Conflict', details: { causes: [cause] } }, SUBJECT);
  assert.equal(owned.message, 'Pod default/a: fields owned by others: kubectl: .spec.x');
});

it('tells a namespace that is being deleted from missing rights', () => {
  const details = { causes: [{ reason: 'NamespaceTerminating', message: 'namespace x is being terminated' }] };
  assert.ok(toClusterError(403, { reason: 'Forbidden', details }, SUBJECT) instanceof NamespaceGoingError);
  assert.ok(!(toClusterError(403, { reason: 'Forbidden' }, SUBJECT) instanceof NamespaceGoingError));
});

it('tells a missing object from a missing namespace or kind', () => {
  const missing = toClusterError(404, { details: { name: 'a', kind: 'pods' } }, SUBJECT);
  assert.equal(missing.message, 'Pod default/a not found');
  const namespace = toClusterError(404, { message: 'namespaces "x" not found', details: { name: 'x' } }, SUBJECT);
  assert.equal(namespace.message, 'Pod default/a: namespaces "x" not found (HTTP 404)');
});

it('bears answers of any shape', () => {
  for (const body of [null, 'text', 5, [], { details: { causes: 'x' } }, { message: { a: 1 } }]) {
    assert.equal(toClusterError(409, body, SUBJECT).code, 'Conflict');
  }
});
