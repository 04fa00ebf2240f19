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
    roles: anyOf(z.enum(ROLE_NAMES), ROLE_NAMES.length, 'Roles whose pods it is for. Left out: all.'),
    exitCodes: anyOf(integer(0, 255), MAX_EXIT_CODES, "Exit codes of the pod's container. Left out: any, or none."),
    exitCodesNotIn: anyOf(
      integer(0, 255),
      MAX_EXIT_CODES,
      "Exit codes that the pod's container must not have ended with: it ended, with another one. Left out: any, or none.",
    ),
    reasons: anyOf(
      text(MAX_WORD_CHARACTERS),
      MAX_WORDS,
      'Reasons of the pod, its containers or its DisruptionTarget condition, such as OOMKilled, Evicted or ' +
        'ImagePullBackOff. Left out: any.',
    ),
    podConditions: anyOf(
      text(MAX_WORD_CHARACTERS),
      MAX_WORDS,
      'Conditions of which the pod has one, such as DisruptionTarget. Left out: any.',
    ),
    action: z
      .enum(FAILURE_ACTIONS)
      .describe(
        'RestartPod replaces the pod, RestartRole all pods of its role, RestartJob all pods of the job. FailJob ends ' +
          'the job. Ignore replaces the pod, and counts it towards no limit.',
      ),
  })
  .describe('What follows from failures that meet everything that it names.');

const failurePolicySchema = z
  .object({
    rules: z
      .array(ruleSchema)
      .max(MAX_RULES)
      .default([])
      .describe(
        'The first rule that fits decides. Where none does: a failure that no restart mends ends the job, a rank of an ' +
          'actor or critic with several is replaced together with all others, any other pod by itself.',
      )
      .meta({ 'x-kubernetes-list-type': 'atomic' }),
    unstartableSeconds: integer(0, 86_400)
      .default(60)
      .describe("A pod whose image can't be pulled, or that lacks a Secret or ConfigMap, has failed after so long."),
    unschedulableSeconds: integer(0)
      .default(3600)
      .describe("A pod for which no node has room, or whose node can't set up its volumes, has failed after so long."),
  })
  .prefault({})
  .describe('What follows from failures of pods.');

export const lifecycleFields = {
  activeDeadlineSeconds: integer(1)
    .optional()
    .describe('The job fails when it has not ended so long after its start. Left out: no limit.'),
  suspend: z
    .boolean()
    .default(false)
    .describe("Removes the job's pods; set back to false, it resumes from its last checkpoint."),
  ttlSecondsAfterFinished: integer(0)
    .optional()
    .describe('The job is deleted, with its pods, so long after its end. Left out: never.'),
  backoffLimit: integer(0, 10_000)
    .optional()
    .describe(
      "Restarts of the job as a whole, those of all roles together, before the job fails. Left out: the roles' own " +
        'maxRestarts, added up.',
    ),
  cleanPodPolicy: z
    .enum(CLEAN_POD_POLICIES)
    .default('Running')
    .describe('Pods that are deleted when the job ends: None, those that are still Running, or All.'),
  failurePolicy: failurePolicySchema,
};
