/**
 * The part of a PPOJob's spec that says where the work runs: roles, deadlines, files. Knows nothing of the
 * algorithm.
 */
import { z } from 'zod';
import { integer, path, resourcesSchema, text } from './fields.ts';
import { jobPodTemplateSchema, podTemplateSchema } from './pod-template-schema.ts';
import { devicesSchema } from './scheduling-schema.ts';

function roleSchema(description: string, maxReplicas: number) {
  return z
    .object({
      replicas: integer(1, maxReplicas).default(1).describe('Number of pods of this role.'),
      threads: integer(1, 256).default(1).describe('CPU threads of one compute session.'),
      maxRestarts: integer(0, 10_000)
        .default(3)
        .describe('How many failed pods of this role are replaced, over the whole job, before the job fails.'),
      resources: resourcesSchema.optional(),
      devices: devicesSchema.optional(),
      podTemplate: podTemplateSchema.optional(),
    })
    .prefault({})
    .describe(description);
}

export const rolesSchema = z
  .object({
    coordinator: roleSchema('Drives the loop; always one.', 1),
    actor: roleSchema('Trains the policy; data-parallel ranks.', 256),
    critic: roleSchema('Trains the value model; data-parallel ranks.', 256),
    generation: roleSchema('Generates responses; independent replicas.', 1024),
    reference: roleSchema('Scores with the frozen reference policy; independent replicas.', 256),
    reward: roleSchema('Scores with the reward model or function; independent replicas.', 256),
  })
  .prefault({})
  .describe('Pods per role.');

export const deadlinesSchema = z
  .object({
    rendezvousSeconds: integer(1, 86_400)
      .default(300)
      .describe("Time limit, from the coordinator's start or the loss of a worker, until every worker has registered."),
    heartbeatSeconds: integer(2, 3600).default(15).describe('A worker that is silent for this long counts as lost.'),
    callSeconds: integer(1, 86_400).default(300).describe('How long a remote call may go on without progress.'),
  })
  .prefault({})
  .describe('How long the parts of the job wait for each other.');

export const checkpointSchema = z
  .object({
    everyIterations: integer(0, 1_000_000).default(0).describe('Iterations between checkpoints; 0 is off.'),
    keep: integer(1, 1000).default(3).describe('How many checkpoints are kept, the newest ones.'),
    path: path()
      .optional()
      .describe(
        'Folder of the checkpoints, the same for all pods: in a cluster, on a volume that they share. Default: ' +
          'checkpoints/ in output.path.',
      ),
  })
  .prefault({})
  .describe('What a job resumes from when a trainer or the coordinator is lost.');

export const outputSchema = z
  .object({
    path: path()
      .default('./output')
      .describe(
        'Folder for the trained actor, metrics.jsonl and summaries. In a cluster a relative one is an empty folder that ' +
          'is lost with its pod, unless podTemplate mounts a volume there.',
      ),
  })
  .prefault({})
  .describe('Where results go.');

const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export const podFields = {
  image: text(512)
    .optional()
    .describe("Container image of every pod. Default: the operator's (its option --worker-image)."),
  podTemplate: jobPodTemplateSchema.optional(),
  logLevel: z
    .enum(LOG_LEVELS)
    .optional()
    .describe('Lowest level that the containers of the job log: debug, info, warn or error. Default: info.'),
  terminationGracePeriodSeconds: integer(0, 3600)
    .default(30)
    .describe('Time between SIGTERM and SIGKILL when a pod is deleted.'),
};
