// Which refusals are told at the job, and which go by themselves.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { API_VERSION, KIND } from '../../../operator/api/names.ts';
import { ForbiddenError, NamespaceGoingError } from '../../../operator/cluster/errors.ts';
import type { KubernetesObject } from '../../../operator/cluster/objects.ts';
import { isNews, nameTaken } from '../../../operator/reconcile/refusals.ts';

function childOf(name: string, uid: string): KubernetesObject {
  const owner = { apiVersion: API_VERSION, kind: KIND, name, uid, controller: true };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'n', name: 'c', ownerReferences: [owner] } };
}

/** As a step wraps what its write was refused with. */
const wrapped = (cause: Error): Error => new Error('apply ConfigMap c', { cause });

test('a name that an earlier job of the same name still has is no news, that of anybody else is', () => {
  const wanted = childOf('tiny', 'new');
  assert.equal(isNews(wrapped(nameTaken(childOf('tiny', 'old'), wanted))), false);
  assert.equal(isNews(wrapped(nameTaken(childOf('other', 'x'), wanted))), true);
});

test('what can not be made in a namespace that is going is no news, missing rights are', () => {
  assert.deepEqual([new NamespaceGoingError('m'), new ForbiddenError('m')].map(isNews), [false, true]);
  assert.deepEqual([new NamespaceGoingError('m'), new ForbiddenError('m')].map(wrapped).map(isNews), [false, true]);
});
