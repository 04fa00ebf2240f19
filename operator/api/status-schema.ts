/**
 * The schema of a PPOJob's status, for the CRD alone: the operator writes the status and needs no check of its own
 * words. Bounds are wide and little is required, so that a status is never refused because an operator of another
 * version wrote it. Knows no rules of when what is written.
 */
import { z } from 'zod';
import { CONDITIONS, ROLE_NAMES } from './names.ts';

const MAX_NAME_CHARACTERS = 512;
/** Kubernetes' limit of a condition's message. */
const MAX_MESSAGE_CHARACTERS = 32_768;
const MAX_CONDITIONS = 32;
const MAX_METRICS = 1024;
/** Every pod that a job may have. */
const MAX_PODS = 4096;

const count = () => z.int().min(0);
const name = () => z.string().max(MAX_NAME_CHARACTERS);
const message = () => z.string().max(MAX_MESSAGE_CHARACTERS);
const decimal = () => z.string().max(64);
const time = () => z.string().max(64).meta({ format: 'date-time' });

const conditionSchema = z
  .object({
    type: name().describe(`One of ${Object.values(CONDITIONS).join(', ')}.`),
    status: z.enum(['True', 'False', 'Unknown']).describe('Whether the condition holds.'),
    reason: name().describe('Why, in one word that programs may rely on.'),
    message: message().describe('Why, in a sentence for people.'),
    lastTransitionTime: time().describe('When status last changed.'),
    observedGeneration: z.exactOptional(count()).describe('metadata.generation that the condition refers to.'),
  })
  .describe('One condition.');

const roleStatusSchema = z
  .object({
    desired: count().describe('Pods that the role should have.'),
    ready: count().describe('Pods that are ready.'),
    restarts: count().describe('Restarts after failures of the program itself, over the whole job.'),
    infrastructureRestarts: z
      .exactOptional(count())
      .describe('Restarts after a pod was taken away: eviction, preemption, a lost node. They count towards no limit.'),
    ignoredRestarts: z
      .exactOptional(count())
      .describe('Restarts that a rule of the failure policy ignores: they count towards no limit.'),
    backoff: z
      .exactOptional(
        z.object({
          seconds: count().describe('How long the newest failure makes the role wait.'),
          until: time().describe('No pod of the role is made before this time.'),
        }),
      )
      .describe('How long the role waits before it replaces pods that keep failing.'),
  })
  .describe('Pods of this role.');

const progressSchema = z
  .object({
    phase: name().describe('What the coordinator is doing.'),
    message: z.exactOptional(message()).describe('More on that, for people.'),
    iteration: count().describe('Iterations finished.'),
    numIterations: count().describe('Iterations in all.'),
    policyVersion: count().describe('Version of the policy; raised by each update.'),
    elapsedSeconds: count().describe('Time spent training.'),
    remainingSeconds: z.exactOptional(count()).describe('Estimate of the time left. Absent while unknown.'),
    tokens: count().describe('Tokens generated so far.'),
    tokensPerSecond: decimal().describe('Tokens generated per second of rollout, in the last iteration.'),
    accuracy: z.exactOptional(decimal()).describe('Newest exact match on held-out prompts, from 0 to 1.'),
    accuracyBefore: z.exactOptional(decimal()).describe('Exact match before the first iteration.'),
    maxLogprobDifference: decimal().describe(
      'Largest difference seen between the logprobs of generation and training; near 0 unless their weights differ.',
    ),
    lastCheckpointIteration: z.int().describe('Iteration of the newest complete checkpoint.'),
    metrics: z
      .exactOptional(z.record(z.string(), decimal()).meta({ maxProperties: MAX_METRICS }))
      .describe('Metrics of the last finished iteration, by names such as rollout/score, policy/kl and loss/policy.'),
  })
  .describe("The coordinator's progress.");

const lastFailureSchema = z
  .object({
    pod: name().describe('Name of the pod.'),
    uid: name().describe('Uid of the pod.'),
    exitCode: z.int32().describe("The worker's exit code; -1 where there is none."),
    message: message().describe("The pod's last words."),
    cause: z
      .exactOptional(z.enum(['Program', 'Infrastructure']))
      .describe('Program: it failed by itself. Infrastructure: it was taken away, or its coordinator waited in vain.'),
  })
  .describe('The newest pod that failed.');

const unstartableSchema = z
  .object({
    pod: name().describe('Name of the pod.'),
    uid: name().describe('Uid of the pod.'),
    since: time().describe('When the operator first saw it so.'),
  })
  .describe("A pod whose image can't be pulled, or that lacks what it is configured from.");

const roles = Object.fromEntries(
  ROLE_NAMES.map((role) => [role, z.exactOptional(roleStatusSchema).describe(`Pods of role ${role}.`)]),
) as Record<(typeof ROLE_NAMES)[number], z.ZodExactOptional<typeof roleStatusSchema>>;

export const statusSchema = z
  .object({
    observedGeneration: z.exactOptional(count()).describe('metadata.generation that the operator last acted on.'),
    conditions: z
      .exactOptional(
        z
          .array(conditionSchema)
          .max(MAX_CONDITIONS)
          .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] }),
      )
      .describe(
        'State of the job, the latest stage first. kubectl wait --for=condition=Succeeded waits for one of them.',
      ),
    startTime: z.exactOptional(time()).describe('When the pods were first wanted; after a suspension, when it ended.'),
    completionTime: z.exactOptional(time()).describe('When the job ended.'),
    roles: z.exactOptional(z.object(roles)).describe('Pods by role.'),
    restarts: z
      .exactOptional(count())
      .describe('Restarts after failures of the program itself, of all roles together. backoffLimit limits them.'),
    infrastructureRestarts: z
      .exactOptional(count())
      .describe('Restarts after a pod was taken away, of all roles together.'),
    ignoredRestarts: z
      .exactOptional(count())
      .describe('Restarts that a rule of the failure policy ignores, of all roles together.'),
    jobRestarts: z.exactOptional(count()).describe('Restarts of all pods at once.'),
    generationSelector: z.exactOptional(message()).describe('Label selector of the generation pods, for autoscalers.'),
    progress: z.exactOptional(progressSchema).describe("The coordinator's progress."),
    lastFailure: z.exactOptional(lastFailureSchema).describe('The newest pod that failed.'),
    unstartable: z.exactOptional(unstartableSchema).describe("A pod that can't start."),
    replacing: z
      .exactOptional(z.array(name()).max(MAX_PODS).meta({ 'x-kubernetes-list-type': 'atomic' }))
      .describe('Uids of pods that are replaced: counted already, and to be deleted.'),
  })
  .describe('What the operator has seen of the job. Written by the operator alone.');
