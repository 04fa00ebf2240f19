/**
 * The fields of a PPOJob that name files or folders. In a manifest they may be relative to the manifest's folder; inside
 * a cluster, where nobody knows that folder, they are absolute. Touches no files.
 */
import { isAbsolute, resolve } from 'node:path';
import type { PPOJob, PPOJobSpec } from './ppojob.ts';
import { describeValue, type Problem } from './problems.ts';

function mapPaths(spec: PPOJobSpec, map: (path: string, field: string) => string): PPOJobSpec {
  const { models, reward, dataset, checkpoint, output } = spec;
  const at = <T extends { path: string }>(field: string, value: T): T => ({
    ...value,
    path: map(value.path, `spec.${field}.path`),
  });
  return {
    ...spec,
    models: {
      actor: at('models.actor', models.actor),
      critic: at('models.critic', models.critic),
      reference: at('models.reference', models.reference),
    },
    reward: { ...reward, model: at('reward.model', reward.model) },
    dataset: {
      ...dataset,
      train: at('dataset.train', dataset.train),
      ...(dataset.evaluation === undefined ? {} : { evaluation: at('dataset.evaluation', dataset.evaluation) }),
    },
    checkpoint: at('checkpoint', checkpoint),
    output: at('output', output),
  };
}

/** The job with every path absolute; relative ones count from `folder`, the manifest's. */
export function resolvePaths(job: PPOJob, folder: string): PPOJob {
  return { ...job, spec: mapPaths(job.spec, (path) => resolve(folder, path)) };
}

/** A problem for each path that is still relative. */
export function checkAbsolutePaths(job: PPOJob): Problem[] {
  const problems: Problem[] = [];
  mapPaths(job.spec, (path, field) => {
    if (!isAbsolute(path)) {
      const rule = 'must be an absolute path: pods have no manifest folder to count from';
      problems.push({ path: field, found: describeValue(path), rule, remedy: 'write the path as the pods see it' });
    }
    return path;
  });
  return problems;
}
