/**
 * The compiled job: what a worker reads from `PPO_JOB_CONFIG`. The operator's plan writes it from a PPOJob (defaults
 * applied, decimals parsed); a worker checks it once at its start and reads nothing else of the job.
 * Knows nothing of Kubernetes.
 */
import { z } from 'zod';

const probability = z.number().min(0).max(1);
const count = z.int().min(1);
const optimizer = z.strictObject({
  learningRate: z.number().positive(),
  /** Learning rate over the job's iterations, after warmup. */
  schedule: z.enum(['constant', 'linear', 'cosine']),
  warmupIterations: z.int().min(0),
  /** Share of `learningRate` that linear and cosine end at. */
  minLearningRateRatio: probability,
  beta1: probability,
  beta2: probability,
  epsilon: z.number().positive(),
  weightDecay: z.number().min(0),
  /** Global L2 norm that gradients are clipped to; 0 turns clipping off. */
  maxGradNorm: z.number().min(0),
});

export const jobConfigSchema = z.strictObject({
  job: z.strictObject({ name: z.string().min(1), namespace: z.string().min(1), uid: z.string().min(1) }),
  seed: z.int().min(0),
  /** Hugging Face folders, absolute paths. */
  models: z.strictObject({
    actor: z.string(),
    critic: z.string(),
    reference: z.string(),
    /** null where a function scores. */
    reward: z.string().nullable(),
  }),
  /** Whether the critic's value head is the folder's own, or a new one that the seed decides. */
  criticHead: z.enum(['Saved', 'New']),
  reward: z.strictObject({
    clipRange: z.tuple([z.number(), z.number()]),
    /** A module's export that scores responses; null where a model does. */
    function: z.strictObject({ path: z.string(), name: z.string(), timeoutSeconds: count }).nullable(),
  }),
  dataset: z.strictObject({
    /** JSON lines files, absolute paths. */
    trainPath: z.string(),
    evaluationPath: z.string().nullable(),
    promptField: z.string(),
    answerField: z.string(),
    evaluationLimit: count.nullable(),
  }),
  algorithm: z.strictObject({
    numIterations: count,
    gamma: probability,
    gaeLambda: probability,
    whitenAdvantages: z.boolean(),
    numPpoEpochs: count,
    clipRangeLow: z.number().positive(),
    clipRangeHigh: z.number().positive(),
    /** Dual-clip constant, > 1; null is off. */
    dualClip: z.number().gt(1).nullable(),
    /** Value clip range; null is off. */
    valueClipRange: z.number().positive().nullable(),
    entropyCoef: z.number().min(0),
    kl: z.strictObject({
      coef: z.number().min(0),
      estimator: z.enum(['k1', 'k2', 'k3']),
      /** in the reward (per token) or in the policy loss */
      placement: z.enum(['reward', 'loss']),
      /** Adaptive controller: target KL per response and horizon in responses; null is a fixed coefficient. */
      target: z.number().positive().nullable(),
      horizon: z.number().positive(),
    }),
    /** Iterations at the start in which only the critic trains. */
    criticWarmupIterations: z.int().min(0),
  }),
  rollout: z.strictObject({
    batchSize: count,
    samplesPerPrompt: count,
    maxPromptTokens: count,
    maxResponseTokens: count,
    temperature: z.number().positive(),
    topP: z.number().gt(0).max(1),
    topK: z.int().min(0),
    /** Sequences that a generation replica decodes at once. */
    maxConcurrentSequences: count,
  }),
  training: z.strictObject({
    /** Responses per optimizer step, over all ranks. */
    minibatchSize: count,
    /** Responses per forward and backward pass on one rank. */
    microbatchSize: count,
    actor: optimizer,
    critic: optimizer,
  }),
  /** passScore: a reward function's score above which a held-out response is right; a reward model's isn't asked. */
  evaluation: z.strictObject({ everyIterations: count, passScore: z.number() }),
  checkpoint: z.strictObject({
    directory: z.string(),
    /** 0 turns checkpoints off. */
    everyIterations: z.int().min(0),
    keep: count,
  }),
  output: z.strictObject({ directory: z.string() }),
  roles: z.strictObject({
    actor: z.strictObject({ replicas: count }),
    critic: z.strictObject({ replicas: count }),
    generation: z.strictObject({ replicas: count }),
    reference: z.strictObject({ replicas: count }),
    reward: z.strictObject({ replicas: count }),
  }),
  /** Null: off. */
  tracking: z.strictObject({
    tensorboard: z.strictObject({ directory: z.string(), sampleResponses: z.int().min(0) }).nullable(),
    wandb: z
      .strictObject({
        directory: z.string(),
        project: z.string(),
        entity: z.string().nullable(),
        name: z.string(),
        group: z.string().nullable(),
        tags: z.array(z.string()),
      })
      .nullable(),
  }),
  deadlines: z.strictObject({
    /** From the coordinator's start, or a worker's loss, until every worker has registered. */
    rendezvousSeconds: count,
    /** A worker silent for so long is lost. */
    heartbeatSeconds: count,
    /** Any one remote call without progress. */
    callSeconds: count,
  }),
});

export type JobConfig = z.infer<typeof jobConfigSchema>;
export type OptimizerConfig = JobConfig['training']['actor'];
