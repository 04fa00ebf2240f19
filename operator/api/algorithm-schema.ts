/**
 * The part of a PPOJob's spec that says how to learn: algorithm, rollout, training. Defaults are OpenRLHF's wherever
 * it has the option. Knows nothing of pods.
 */
import { z } from 'zod';
import { decimal, integer } from './fields.ts';

const klSchema = z
  .object({
    coef: decimal({ min: 0 })
      .default('0.01')
      .describe('Weight of the KL penalty against the reference model; "0" is off.'),
    estimator: z
      .enum(['k1', 'k2', 'k3'])
      .default('k1')
      .describe('Estimator of the KL per token: k1 = log ratio, k2 = half its square, k3 = ratio - 1 - log ratio.'),
    placement: z
      .enum(['reward', 'loss'])
      .default('reward')
      .describe('Subtract the penalty from the reward of each token, or add it to the policy loss.'),
    target: decimal({ above: 0 })
      .optional()
      .describe('Turns on the adaptive controller: the KL per response that it steers towards.'),
    horizon: decimal({ above: 0 }).default('10000').describe("The adaptive controller's horizon, in responses."),
  })
  .prefault({})
  .describe('Penalty that keeps the policy near the reference model.');

export const algorithmSchema = z
  .object({
    advantageEstimator: z.enum(['gae']).default('gae').describe('How advantages are estimated: gae, with a critic.'),
    numIterations: integer(1, 1_000_000).describe('Iterations of rollout, scoring and update.'),
    gamma: decimal({ min: 0, max: 1 }).default('1').describe('Discount per token.'),
    gaeLambda: decimal({ min: 0, max: 1 }).default('1').describe("GAE's lambda."),
    whitenAdvantages: z
      .boolean()
      .default(true)
      .describe('Shift and scale advantages to mean 0 and variance 1 over the whole rollout.'),
    numPpoEpochs: integer(1, 1000).default(1).describe('Passes over the responses of a rollout.'),
    clipRange: z
      .object({
        low: decimal({ above: 0, max: 1 }).default('0.2').describe('The ratio is clipped below 1 - low.'),
        high: decimal({ above: 0, max: 10 }).default('0.2').describe('The ratio is clipped above 1 + high.'),
      })
      .prefault({})
      .describe('Clipping of the ratio of new to old probability of a token.'),
    dualClip: decimal({ above: 1 })
      .optional()
      .describe('Dual-clip constant: bounds the loss of tokens with negative advantage. Default: off.'),
    valueClipRange: decimal({ min: 0 })
      .default('0.5')
      .describe('How far a value may move from its old one before its loss is clipped; "0" is off.'),
    entropyCoef: decimal({ min: 0 }).default('0').describe("Weight of the policy's entropy bonus."),
    kl: klSchema,
    criticWarmupIterations: integer(0, 1_000_000)
      .default(0)
      .describe('Iterations at the start in which only the critic trains.'),
  })
  .describe('The PPO algorithm.');

export const rolloutSchema = z
  .object({
    batchSize: integer(1, 1_048_576).default(1024).describe('Prompts per iteration.'),
    samplesPerPrompt: integer(1, 4096).default(1).describe('Responses per prompt.'),
    maxPromptTokens: integer(1, 1_048_576)
      .default(1024)
      .describe('Longest prompt; a dataset with a longer one is refused.'),
    maxResponseTokens: integer(1, 1_048_576)
      .default(1024)
      .describe('Longest response; one that has not ended by then is cut off.'),
    temperature: decimal({ above: 0, max: 100 }).default('1').describe('Sampling temperature.'),
    topP: decimal({ above: 0, max: 1 })
      .default('1')
      .describe('Sample from the smallest set of tokens with at least this probability; "1" is off.'),
    topK: integer(0, 1_048_576).default(0).describe('Sample from this many of the most probable tokens; 0 is off.'),
    maxConcurrentSequences: integer(1, 65_536)
      .default(256)
      .describe('Sequences that one generation replica decodes at once.'),
  })
  .prefault({})
  .describe('How responses are generated.');

function optimizerSchema(model: 'actor' | 'critic', learningRate: string) {
  return z
    .object({
      learningRate: decimal({ above: 0, max: 1 }).default(learningRate).describe('Peak learning rate.'),
      schedule: z
        .enum(['constant', 'linear', 'cosine'])
        .default('cosine')
        .describe('How the learning rate changes over the iterations, after warmup.'),
      warmupIterations: integer(0, 1_000_000).default(0).describe('Iterations of linear warmup.'),
      minLearningRateRatio: decimal({ min: 0, max: 1 })
        .default('0.1')
        .describe('Where linear and cosine end, as a share of learningRate.'),
      beta1: decimal({ min: 0, below: 1 }).default('0.9').describe("AdamW's decay of the first moment."),
      beta2: decimal({ min: 0, below: 1 }).default('0.95').describe("AdamW's decay of the second moment."),
      epsilon: decimal({ above: 0, max: 1 }).default('1e-8').describe("AdamW's epsilon."),
      weightDecay: decimal({ min: 0, max: 1 })
        .default('0')
        .describe('Decoupled weight decay; none on norms and biases.'),
      maxGradNorm: decimal({ min: 0 }).default('1').describe('Global norm that gradients are clipped to; "0" is off.'),
    })
    .prefault({})
    .describe(`Optimizer of the ${model}: AdamW.`);
}

export const trainingSchema = z
  .object({
    minibatchSize: integer(1, 1_048_576).default(128).describe('Responses per optimizer step, over all ranks.'),
    microbatchSize: integer(1, 1_048_576)
      .default(1)
      .describe('Responses per forward and backward pass on one rank: trades memory for speed, not results.'),
    actor: optimizerSchema('actor', '1e-6'),
    critic: optimizerSchema('critic', '9e-6'),
  })
  .prefault({})
  .describe('How the models are updated from a rollout.');
