// The collector's rules on owners and dependents.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { FOREGROUND_FINALIZER, findGarbage } from '../../../operator/cluster/garbage.ts';
import type { KubernetesObject, Stored, StoredMeta } from '../../../operator/cluster/objects.ts';

function object(uid: string, owners: readonly string[], meta: Partial<StoredMeta> = {}): Stored<KubernetesObject> {
  const ownerReferences = owners.map((owner) => ({
    apiVersion: 'v1',
    kind: 'X',
    name: owner,
    uid: owner,
    blockOwnerDeletion: true,
  }));
  const stored = { uid, resourceVersion: '1', generation: 1, creationTimestamp: '2026-01-01T00:00:00Z' };
  return { apiVersion: 'v1', kind: 'X', metadata: { name: uid, namespace: 'n', ...stored, ownerReferences, ...meta } };
}
const GOING = { deletionTimestamp: '2026-01-01T00:00:00Z' };
const FOREGROUND = { ...GOING, finalizers: [FOREGROUND_FINALIZER] };

it('takes an object whose owners are all gone, and no other', () => {
  const objects = [object('owner', []), object('kept', ['owner', 'gone']), object('orphan', ['gone'])];
  assert.deepEqual([...findGarbage([...objects, object('going', ['gone'], GOING)])], [['orphan', 'Background']]);
});

it('deletes dependents first in the foreground, and lets the owner go after them', () => {
  const owner = object('owner', [], FOREGROUND);
  assert.deepEqual([...findGarbage([owner, object('child', ['owner'])])], [['child', 'Foreground']]);
  assert.deepEqual([...findGarbage([owner, object('child', ['owner'], GOING)])], []);
  assert.deepEqual([...findGarbage([owner])], [['owner', 'finish']]);
});
