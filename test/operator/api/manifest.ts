/** Builders of manifests for the operator's tests: the least that is valid, and changes to it by path. */
import { parsePPOJob } from '../../../operator/api/parse.ts';
import type { PPOJob, PPOJobManifest } from '../../../operator/api/ppojob.ts';
import type { Problem } from '../../../operator/api/problems.ts';

/** The least that a user must write; everything else has a default. */
export function minimalManifest(): PPOJobManifest {
  return {
    apiVersion: 'rlhf.dev/v1alpha1',
    kind: 'PPOJob',
    metadata: { name: 'job' },
    spec: {
      models: { actor: { path: '/models/actor' }, critic: { path: '/models/critic' } },
      reward: { model: { path: '/models/reward' } },
      dataset: { train: { path: '/data/train.jsonl' } },
      algorithm: { numIterations: 10 },
    },
  };
}

/** The minimal manifest with values set by dotted paths, such as {'spec.algorithm.kl.coef': '0'}; undefined removes. */
export function manifestWith(changes: Readonly<Record<string, unknown>>): unknown {
  const manifest = minimalManifest() as unknown as Record<string, unknown>;
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split('.');
    const last = keys.pop() as string;
    let parent = manifest;
    for (const key of keys) {
      parent[key] ??= {};
      parent = parent[key] as Record<string, unknown>;
    }
    if (value === undefined) delete parent[last];
    else parent[last] = value;
  }
  return manifest;
}

/** The problems of a changed minimal manifest; empty where it is valid. */
export function problemsWith(changes: Readonly<Record<string, unknown>>): readonly Problem[] {
  const parsed = parsePPOJob(manifestWith(changes));
  return parsed.ok ? [] : parsed.problems;
}

/** A changed minimal manifest as a job that a cluster has accepted: with defaults and uid. Throws on problems. */
export function jobWith(changes: Readonly<Record<string, unknown>> = {}): PPOJob {
  const parsed = parsePPOJob(manifestWith({ 'metadata.uid': 'uid-1', ...changes }));
  if (!parsed.ok) throw new Error(`not a valid job: ${JSON.stringify(parsed.problems)}`);
  return parsed.job;
}
