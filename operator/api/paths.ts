/**
 * The fields of a PPOJob that name files or folders. Relative ones count from a folder that depends on where the job runs:
 * the manifest's on one machine, the pods' workspace in a cluster. Touches no files.
 */
import { resolve } from 'node:path';
import type { PPOJob, PPOJobSpec } from './ppojob.ts';

function mapPaths(spec: PPOJobSpec, map: (path: string, field: string) => string): PPOJobSpec {
  const { models, reward, dataset, checkpoint, output, tracking } = spec;
  const { tensorboard, wandb } = tracking;
  const at = <T extends { readonly path: string }>(field: string, value: T): T => ({
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
    reward: {
      ...reward,
      ...(reward.model === undefined ? {} : { model: at('reward.model', reward.model) }),
      ...(reward.function === undefined ? {} : { function: at('reward.function', reward.function) }),
    },
    dataset: {
      ...dataset,
      train: at('dataset.train', dataset.train),
      ...(dataset.evaluation === undefined ? {} : { evaluation: at('dataset.evaluation', dataset.evaluation) }),
    },
    checkpoint: at('checkpoint', checkpoint),
    output: at('output', output),
    tracking: {
      ...tracking,
      ...(tensorboard === undefined ? {} : { tensorboard: at('tracking.tensorboard', tensorboard) }),
      ...(wandb === undefined ? {} : { wandb: at('tracking.wandb', wandb) }),
    },
  };
}

/** The job with every path absolute; relative ones count from `folder`. */
export function resolvePaths(job: PPOJob, folder: string): PPOJob {
  return { ...job, spec: mapPaths(job.spec, (path) => resolve(folder, path)) };
}

/** The files and folders that a job only reads. */
export function inputPaths(job: PPOJob): string[] {
  const { models, reward, dataset } = job.spec;
  const inputs = [models.actor, models.critic, models.reference, dataset.train];
  const others = [reward.model, reward.function, dataset.evaluation].filter((input) => input !== undefined);
  return [...inputs, ...others].map(({ path }) => path);
}
