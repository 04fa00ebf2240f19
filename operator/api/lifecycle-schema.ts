/**
 * The part of a PPOJob's spec that says how the job lives and ends: suspension, time limits, what follows from failures,
 * what is left at the end. Knows nothing of what is learned.
 */
import { z } from 'zod';
import { integer, text } from './fields.ts';
import { ROLE_NAMES } from './names.ts';

/**
 * - `RestartPod`: the pod that failed is replaced.
 * - `RestartRole`: all pods of its role are replaced together.
 * - `RestartJob`: all pods of the job are replaced.
 * - `FailJob`: the job fails.
 * - `Ignore`: the pod is replaced, and the failure counts towards no limit.
 */
export const FAILURE_ACTIONS = ['RestartPod', 'RestartRole', 'RestartJob', 'FailJob', 'Ignore'] as const;
export type FailureAction = (typeof FAILURE_ACTIONS)[number];

/**
 * - `None`: every pod stays.
 * - `Running`: pods that still run are deleted, those that have ended stay for their logs.
 * - `All`: every pod is deleted.
 */
export const CLEAN_POD_POLICIES = ['None', 'Running', 'All'] as const;
export type CleanPodPolicy = (typeof CLEAN_POD_POLICIES)[number];

const MAX_RULES = 32;
const MAX_EXIT_CODES = 64;
const MAX_WORDS = 32;
const MAX_WORD_CHARACTERS = 256;

function anyOf<T extends z.ZodType>(item: T, max: number, description: string) {
  return z.array(item).min(1).max(max).optional().describe(description).meta({ 'x-kubernetes-list-type': 'atomic' });
}

const ruleSchema = z
  .object({
    roles: anyOf(z.enum(ROLE_NAMES), ROLE_NAMES.length, 'Roles that the rule applies to. Default: all.'),
    exitCodes: anyOf(
      integer(0, 255),
      MAX_EXIT_CODES,
      "Exit codes of the pod's container, one of which it ended with. Default: not considered.",
    ),
    exitCodesNotIn: anyOf(
      integer(0, 255),
      MAX_EXIT_CODES,
      "The pod's container ended with an exit code that is none of these. Default: not considered.",
    ),
    reasons: anyOf(
      text(MAX_WORD_CHARACTERS),
      MAX_WORDS,
      'Reasons of the pod, its containers or its DisruptionTarget condition, such as OOMKilled, Evicted or ' +
        'ImagePullBackOff. Default: not considered.',
    ),
    podConditions: anyOf(
      text(MAX_WORD_CHARACTERS),
      MAX_WORDS,
      'Pod conditions, one of which holds, such as DisruptionTarget. Default: not considered.',
    ),
    action: z
      .enum(FAILURE_ACTIONS)
      .describe(
        'RestartPod replaces the pod, RestartRole all pods of its role, RestartJob all pods of the job. FailJob ends ' +
          'the job. Ignore replaces the pod without counting it towards any limit.',
      ),
  })
  .describe('A rule matches a failure that meets everything the rule names.');

const failurePolicySchema = z
  .object({
    rules: z
      .array(ruleSchema)
      .max(MAX_RULES)
      .default([])
      .describe(
        'The first rule that matches decides. If none does: a failure that no restart can fix ends the job; if one of ' +
          'several actor or critic ranks fails, all ranks of the role are replaced; any other pod is replaced alone.',
      )
      .meta({ 'x-kubernetes-list-type': 'atomic' }),
    unstartableSeconds: integer(0, 86_400)
      .default(60)
      .describe(
        "A pod whose image can't be pulled, or that lacks a Secret or ConfigMap, counts as failed after this long.",
      ),
    unschedulableSeconds: integer(0)
      .default(3600)
      .describe(
        "A pod that no node has room for, or whose node can't set up its volumes, counts as failed after this long.",
      ),
  })
  .prefault({})
  .describe('What happens when pods fail.');

export const lifecycleFields = {
  activeDeadlineSeconds: integer(1)
    .optional()
    .describe('The job fails if it has not ended this long after its start. Default: no limit.'),
  suspend: z
    .boolean()
    .default(false)
    .describe("True removes the job's pods; set back to false, the job resumes from its last checkpoint."),
  ttlSecondsAfterFinished: integer(0)
    .optional()
    .describe('The job is deleted, with its pods, this long after its end. Default: never.'),
  backoffLimit: integer(0, 10_000)
    .optional()
    .describe("Restarts, of all roles together, before the job fails. Default: the roles' maxRestarts added up."),
  cleanPodPolicy: z
    .enum(CLEAN_POD_POLICIES)
    .default('Running')
    .describe('Which pods are deleted when the job ends: None, those still Running, or All.'),
  failurePolicy: failurePolicySchema,
};
