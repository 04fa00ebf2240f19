/**
 * PPOJob v1alpha1: the schema of the manifest and the types that follow from it. Three stages: PPOJobManifest (what a
 * user writes), PPOJob (with defaults), JobConfig (compiled for the workers by operator/plan).
 */
import { z } from 'zod';
import type { Condition, ObjectMeta } from '../cluster/objects.ts';
import { algorithmSchema, rolloutSchema, trainingSchema } from './algorithm-schema.ts';
import { decimal, integer, path, text } from './fields.ts';
import { lifecycleFields } from './lifecycle-schema.ts';
import type { API_VERSION, KIND, RoleName } from './names.ts';
import { checkpointSchema, deadlinesSchema, outputSchema, podFields, rolesSchema } from './role-schema.ts';
import { placementSchema, schedulingSchema } from './scheduling-schema.ts';
import { securitySchema } from './security-schema.ts';
import { trackingSchema } from './tracking-schema.ts';

const modelSchema = z.object({
  path: path().describe('Folder of a Hugging Face model: config.json, tokenizer.json, safetensors.'),
});

const criticModelSchema = modelSchema.extend({
  initializeHead: z
    .boolean()
    .default(false)
    .describe(
      'Start from a new value head, small and random: for a language model, which has none, or in place of the one in ' +
        'the folder.',
    ),
});

const rewardFunctionSchema = z.object({
  path: path().describe('JavaScript or TypeScript module (.js, .mjs, .ts), one file without dependencies.'),
  name: text(128).default('score').describe('The function that the module exports.'),
  timeoutSeconds: integer(1, 3600).default(60).describe('Time limit for the score of one response.'),
});

const rewardSchema = z
  .object({
    model: modelSchema.optional().describe('A reward model: sequence classification with one label.'),
    function: rewardFunctionSchema
      .optional()
      .describe(
        'A function that gets {prompt, response, answer, isFinished} and returns a number, or a promise of one.',
      ),
    clipRange: z
      .array(decimal())
      .length(2)
      .default(['-10', '10'])
      .describe('Scores are clipped to [lowest, highest].')
      .meta({ 'x-kubernetes-list-type': 'atomic' }),
  })
  .describe('Where scores come from: exactly one source.');

const datasetSchema = z
  .object({
    train: z.object({ path: path().describe('JSON lines file, one prompt a line.') }).describe('Prompts to train on.'),
    evaluation: z
      .object({
        path: path().describe('JSON lines file of held-out prompts, never trained on.'),
        limit: integer(1).optional().describe('Use only this many lines, the first ones. Default: all.'),
      })
      .optional()
      .describe(
        'Held-out prompts on which accuracy is measured: exact match with the answer, or by reward.function where that ' +
          'is the source of scores. Default: no evaluation.',
      ),
    promptField: text(128).default('prompt').describe('Field that holds the prompt.'),
    answerField: text(128)
      .default('answer')
      .describe('Field that holds the right answer: for accuracy, and for reward.function.'),
  })
  .describe('Prompts.');

export const specSchema = z.object({
  seed: integer(0).default(42).describe('The same seed gives the same scores in every iteration.'),
  models: z
    .object({
      actor: modelSchema.describe('The policy to train.'),
      critic: criticModelSchema.describe('The value model to start from; often the reward model.'),
      reference: modelSchema
        .optional()
        .describe('The frozen policy of the KL penalty. Default: the same as the actor.'),
    })
    .describe('Models to start from.'),
  reward: rewardSchema,
  dataset: datasetSchema,
  algorithm: algorithmSchema,
  rollout: rolloutSchema,
  training: trainingSchema,
  evaluation: z
    .object({
      everyIterations: integer(1, 1_000_000).default(10).describe('Iterations between evaluations.'),
      passScore: decimal()
        .default('0.5')
        .describe('With reward.function: a held-out response is right when its score is above this.'),
    })
    .prefault({})
    .describe('When accuracy is measured.'),
  roles: rolesSchema,
  placement: placementSchema,
  scheduling: schedulingSchema,
  security: securitySchema,
  checkpoint: checkpointSchema,
  output: outputSchema,
  tracking: trackingSchema,
  deadlines: deadlinesSchema,
  ...podFields,
  ...lifecycleFields,
});

type ParsedSpec = z.output<typeof specSchema>;
type ParsedTracking = ParsedSpec['tracking'];

/** A spec with every default, also those that depend on other fields. */
export type PPOJobSpec = Omit<ParsedSpec, 'models' | 'checkpoint' | 'tracking'> & {
  models: ParsedSpec['models'] & { reference: { path: string } };
  checkpoint: ParsedSpec['checkpoint'] & { path: string };
  tracking: Omit<ParsedTracking, 'tensorboard' | 'wandb'> & {
    tensorboard?: NonNullable<ParsedTracking['tensorboard']> & { path: string };
    wandb?: NonNullable<ParsedTracking['wandb']> & { path: string };
  };
};

/** What a user writes. */
export interface PPOJobManifest {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: typeof KIND;
  readonly metadata: Omit<ObjectMeta, 'namespace'> & { readonly namespace?: string };
  readonly spec: z.input<typeof specSchema>;
  readonly status?: PPOJobStatus;
}

/** A job with defaults, as the operator works with it. */
export interface PPOJob {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: typeof KIND;
  readonly metadata: ObjectMeta & { readonly namespace: string };
  readonly spec: PPOJobSpec;
  readonly status?: PPOJobStatus;
}

export interface RoleStatus {
  readonly desired: number;
  readonly ready: number;
  /** Restarts for which the program is to blame, over the whole job. */
  readonly restarts: number;
  /** Restarts after a pod was taken away: eviction, preemption, a lost node. Absent while there are none. */
  readonly infrastructureRestarts?: number;
  /** Restarts that a rule of the failure policy leaves out of every limit. Absent while there are none. */
  readonly ignoredRestarts?: number;
  /** Absent until a pod fails. */
  readonly backoff?: RoleBackoff;
}

export interface RoleBackoff {
  /** The wait that the newest failure led to. */
  readonly seconds: number;
  /** No pod of the role is made before. */
  readonly until: string;
}

/** The coordinator's progress; no floats, so ratios and metrics are decimals in strings. */
export interface ProgressStatus {
  readonly phase: string;
  readonly message?: string;
  /** Iterations finished. */
  readonly iteration: number;
  readonly numIterations: number;
  readonly policyVersion: number;
  readonly elapsedSeconds: number;
  /** Absent while unknown. */
  readonly remainingSeconds?: number;
  /** Tokens generated so far. */
  readonly tokens: number;
  readonly tokensPerSecond: string;
  /** Newest held-out exact match, 0..1. */
  readonly accuracy?: string;
  readonly accuracyBefore?: string;
  readonly maxLogprobDifference: string;
  readonly lastCheckpointIteration: number;
  /** Of the last finished iteration, by names such as rollout/score. */
  readonly metrics?: Readonly<Record<string, string>>;
}

export interface LastFailure {
  readonly pod: string;
  readonly uid: string;
  readonly exitCode: number;
  /** The pod's last words. */
  readonly message: string;
  readonly cause?: 'Program' | 'Infrastructure';
}

/** A pod whose image can't be pulled, or that lacks what it is configured from. */
export interface UnstartablePod {
  readonly pod: string;
  readonly uid: string;
  /** When the operator first saw it so. */
  readonly since: string;
}

export interface PPOJobStatus {
  readonly observedGeneration?: number;
  readonly conditions?: readonly Condition[];
  readonly startTime?: string;
  readonly completionTime?: string;
  readonly roles?: Readonly<Partial<Record<RoleName, RoleStatus>>>;
  /** Of all roles together, with jobRestarts; what backoffLimit limits. */
  readonly restarts?: number;
  /** Of all roles together. Absent while there are none. */
  readonly infrastructureRestarts?: number;
  /** Of all roles together. Absent while there are none. */
  readonly ignoredRestarts?: number;
  /** Restarts of all pods at once. Absent while there are none. */
  readonly jobRestarts?: number;
  /** Selects the generation pods, for the scale subresource. */
  readonly generationSelector?: string;
  readonly progress?: ProgressStatus;
  readonly lastFailure?: LastFailure;
  readonly unstartable?: UnstartablePod;
  /** Uids of pods that are replaced: counted already, and to be deleted. Bounded by the pods that still exist. */
  readonly replacing?: readonly string[];
}
