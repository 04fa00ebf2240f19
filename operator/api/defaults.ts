/** Fills a spec that passed the schema with the defaults that depend on other fields. Changes nothing that is set. */
import { posix } from 'node:path';
import type { z } from 'zod';
import { API_VERSION, KIND } from './names.ts';
import { type PPOJob, type PPOJobManifest, type PPOJobSpec, specSchema } from './ppojob.ts';

export const DEFAULT_NAMESPACE = 'default';

/** Keeps a leading "./", so that a relative path still looks like one. */
function join(folder: string, name: string): string {
  const joined = posix.join(folder, name);
  return folder.startsWith('./') ? `./${joined}` : joined;
}

/** The defaults between fields; `spec` has those of single fields already. */
export function completeSpec(spec: z.output<typeof specSchema>): PPOJobSpec {
  return {
    ...spec,
    models: { ...spec.models, reference: spec.models.reference ?? { ...spec.models.actor } },
    checkpoint: { ...spec.checkpoint, path: spec.checkpoint.path ?? join(spec.output.path, 'checkpoints') },
    tracking: completeTracking(spec),
  };
}

function completeTracking({ tracking, output }: z.output<typeof specSchema>): PPOJobSpec['tracking'] {
  const { tensorboard, wandb, ...others } = tracking;
  const at = (path: string | undefined, name: string) => ({ path: path ?? join(output.path, name) });
  return {
    ...others,
    ...(tensorboard === undefined ? {} : { tensorboard: { ...tensorboard, ...at(tensorboard.path, 'tensorboard') } }),
    ...(wandb === undefined ? {} : { wandb: { ...wandb, ...at(wandb.path, 'wandb') } }),
  };
}

/** The job that a valid manifest means. Throws zod's error on an invalid one: check with parsePPOJob first. */
export function applyDefaults(manifest: PPOJobManifest): PPOJob {
  const { metadata, spec, status } = manifest;
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    metadata: { ...metadata, namespace: metadata.namespace ?? DEFAULT_NAMESPACE },
    spec: completeSpec(specSchema.parse(spec)),
    ...(status === undefined ? {} : { status }),
  };
}
