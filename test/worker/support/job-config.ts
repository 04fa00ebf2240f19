// A whole compiled job for tests, of which each reads a part. Knows no test.
import { type JobConfig, jobConfigSchema } from '../../../worker/api/job-config.ts';

/** Recursively optional, for overriding a few settings. */
export type Overrides<T> = { readonly [K in keyof T]?: T[K] extends readonly unknown[] ? T[K] : Overrides<T[K]> };

export function merge<T>(base: T, overrides: Overrides<T>): T {
  const merged = { ...base };
  for (const [key, value] of Object.entries(overrides) as [keyof T, T[keyof T]][]) {
    const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value);
    merged[key] = isGroup ? merge(base[key], value as Overrides<T[keyof T]>) : value;
  }
  return merged;
}

export function testJob(overrides: Overrides<JobConfig> = {}): JobConfig {
  const optimizer = {
    learningRate: 1e-3,
    schedule: 'constant',
    warmupIterations: 0,
    minLearningRateRatio: 0,
    beta1: 0.9,
    beta2: 0.95,
    epsilon: 1e-8,
    weightDecay: 0,
    maxGradNorm: 1,
  } as const;
  const base: JobConfig = {
    job: { name: 'test', namespace: 'default', uid: 'uid' },
    seed: 0,
    models: { actor: '/none', critic: '/none', reference: '/none', reward: '/none' },
    criticHead: 'Saved',
    reward: { clipRange: [-10, 10], function: null },
    dataset: {
      trainPath: '/none',
      evaluationPath: null,
      promptField: 'prompt',
      answerField: 'answer',
      evaluationLimit: null,
    },
    algorithm: {
      numIterations: 10,
      gamma: 1,
      gaeLambda: 0.95,
      whitenAdvantages: true,
      numPpoEpochs: 1,
      clipRangeLow: 0.2,
      clipRangeHigh: 0.2,
      dualClip: null,
      valueClipRange: 0.2,
      entropyCoef: 0,
      kl: { coef: 0.05, estimator: 'k1', placement: 'reward', target: null, horizon: 10_000 },
      criticWarmupIterations: 0,
    },
    rollout: {
      batchSize: 8,
      samplesPerPrompt: 1,
      maxPromptTokens: 8,
      maxResponseTokens: 8,
      temperature: 1,
      topP: 1,
      topK: 0,
      maxConcurrentSequences: 8,
    },
    training: { minibatchSize: 8, microbatchSize: 8, actor: optimizer, critic: optimizer },
    evaluation: { everyIterations: 5, passScore: 0.5 },
    checkpoint: { directory: '/none', everyIterations: 0, keep: 1 },
    output: { directory: '/none' },
    roles: {
      actor: { replicas: 1 },
      critic: { replicas: 1 },
      generation: { replicas: 1 },
      reference: { replicas: 1 },
      reward: { replicas: 1 },
    },
    tracking: { tensorboard: null, wandb: null },
    deadlines: { rendezvousSeconds: 30, heartbeatSeconds: 5, callSeconds: 20 },
  };
  return jobConfigSchema.parse(merge(base, overrides));
}
