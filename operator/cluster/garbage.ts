// The garbage collector's rules, pure: which objects must go because of their owner references. It refuses to know how
// objects are removed.

import type { KubernetesObject, Stored, StoredMeta } from './objects.ts';

/** On an owner that is being deleted and waits for its dependents. */
export const FOREGROUND_FINALIZER = 'foregroundDeletion';

/** Delete it in the background or the foreground; or let a foreground deletion end. */
export type Verdict = 'Background' | 'Foreground' | 'finish';

/** Verdicts by uid; objects that may stay have none. */
export function findGarbage(objects: readonly Stored<KubernetesObject>[]): Map<string, Verdict> {
  const metaByUid = new Map(objects.map((object) => [object.metadata.uid, object.metadata]));
  const references = objects.flatMap((object) => object.metadata.ownerReferences ?? []);
  const blocked = new Set(references.filter((reference) => reference.blockOwnerDeletion).map(({ uid }) => uid));
  const verdicts = new Map<string, Verdict>();
  for (const { metadata } of objects) {
    const verdict = judge(metadata, metaByUid, blocked);
    if (verdict !== null) verdicts.set(metadata.uid, verdict);
  }
  return verdicts;
}

function judge(
  metadata: StoredMeta,
  metaByUid: ReadonlyMap<string, StoredMeta>,
  blocked: ReadonlySet<string>,
): Verdict | null {
  if (isGoingInForeground(metadata) && !blocked.has(metadata.uid)) return 'finish';
  const references = metadata.ownerReferences ?? [];
  if (references.length === 0 || metadata.deletionTimestamp !== undefined) return null;
  const owners = references.map(({ uid }) => metaByUid.get(uid)).filter((owner) => owner !== undefined);
  if (owners.length === 0) return 'Background';
  return owners.every(isGoingInForeground) ? 'Foreground' : null;
}

function isGoingInForeground(metadata: StoredMeta): boolean {
  return metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes(FOREGROUND_FINALIZER);
}
