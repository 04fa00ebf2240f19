/**
 * From a PPOJob with defaults to the compiled job that its workers read: decimals parsed, "off" made null, paths under
 * the workers' names. Checks nothing: operator/api has.
 */
import type { JobConfig, OptimizerConfig } from '../../worker/api/job-config.ts';
import type { PPOJob, PPOJobSpec } from '../api/ppojob.ts';
import { waitedForReplicas } from './gang.ts';

function compileOptimizer(optimizer: PPOJobSpec['training']['actor']): OptimizerConfig {
  return {
    learningRate: Number(optimizer.learningRate),
    schedule: optimizer.schedule,
    warmupIterations: optimizer.warmupIterations,
    minLearningRateRatio: Number(optimizer.minLearningRateRatio),
    beta1: Number(optimizer.beta1),
    beta2: Number(optimizer.beta2),
    epsilon: Number(optimizer.epsilon),
    weightDecay: Number(optimizer.weightDecay),
    maxGradNorm: Number(optimizer.maxGradNorm),
  };
}

function compileAlgorithm(algorithm: PPOJobSpec['algorithm']): JobConfig['algorithm'] {
  const { kl, clipRange } = algorithm;
  return {
    numIterations: algorithm.numIterations,
    gamma: Number(algorithm.gamma),
    gaeLambda: Number(algorithm.gaeLambda),
    whitenAdvantages: algorithm.whitenAdvantages,
    numPpoEpochs: algorithm.numPpoEpochs,
    clipRangeLow: Number(clipRange.low),
    clipRangeHigh: Number(clipRange.high),
    dualClip: algorithm.dualClip === undefined ? null : Number(algorithm.dualClip),
    valueClipRange: Number(algorithm.valueClipRange) || null,
    entropyCoef: Number(algorithm.entropyCoef),
    kl: {
      coef: Number(kl.coef),
      estimator: kl.estimator,
      placement: kl.placement,
      target: kl.target === undefined ? null : Number(kl.target),
      horizon: Number(kl.horizon),
    },
    criticWarmupIterations: algorithm.criticWarmupIterations,
  };
}

function compileDataset(dataset: PPOJobSpec['dataset']): JobConfig['dataset'] {
  return {
    trainPath: dataset.train.path,
    evaluationPath: dataset.evaluation?.path ?? null,
    promptField: dataset.promptField,
    answerField: dataset.answerField,
    evaluationLimit: dataset.evaluation?.limit ?? null,
  };
}

function compileReward({ clipRange, function: source }: PPOJobSpec['reward']): JobConfig['reward'] {
  return {
    clipRange: [Number(clipRange[0]), Number(clipRange[1])],
    function:
      source === undefined ? null : { path: source.path, name: source.name, timeoutSeconds: source.timeoutSeconds },
  };
}

/** Tracing isn't among it: that is every container's business, and comes by its environment. */
function compileTracking({ metadata, spec: { tracking } }: PPOJob): JobConfig['tracking'] {
  const { tensorboard, wandb } = tracking;
  return {
    tensorboard:
      tensorboard === undefined ? null : { directory: tensorboard.path, sampleResponses: tensorboard.sampleResponses },
    wandb:
      wandb === undefined
        ? null
        : {
            directory: wandb.path,
            project: wandb.project,
            entity: wandb.entity ?? null,
            name: wandb.name ?? metadata.name,
            group: wandb.group ?? null,
            tags: [...(wandb.tags ?? [])],
          },
  };
}

/** The compiled job. The object must come from a cluster: its uid tells a job from an earlier one of the same name. */
export function compileJob(job: PPOJob): JobConfig {
  const { metadata, spec } = job;
  if (metadata.uid === undefined) throw new Error('internal: a job is compiled after the cluster gave it a uid');
  const { rollout, training, checkpoint, deadlines, roles } = spec;
  return {
    job: { name: metadata.name, namespace: metadata.namespace, uid: metadata.uid },
    seed: spec.seed,
    models: {
      actor: spec.models.actor.path,
      critic: spec.models.critic.path,
      reference: spec.models.reference.path,
      reward: spec.reward.model?.path ?? null,
    },
    criticHead: spec.models.critic.initializeHead ? 'New' : 'Saved',
    reward: compileReward(spec.reward),
    dataset: compileDataset(spec.dataset),
    algorithm: compileAlgorithm(spec.algorithm),
    rollout: {
      ...rollout,
      temperature: Number(rollout.temperature),
      topP: Number(rollout.topP),
    },
    training: {
      minibatchSize: training.minibatchSize,
      microbatchSize: training.microbatchSize,
      actor: compileOptimizer(training.actor),
      critic: compileOptimizer(training.critic),
    },
    evaluation: {
      everyIterations: spec.evaluation.everyIterations,
      passScore: Number(spec.evaluation.passScore),
    },
    checkpoint: {
      directory: checkpoint.path,
      everyIterations: checkpoint.everyIterations,
      keep: checkpoint.keep,
    },
    output: { directory: spec.output.path },
    roles: {
      actor: { replicas: roles.actor.replicas },
      critic: { replicas: roles.critic.replicas },
      generation: { replicas: waitedForReplicas(job) },
      reference: { replicas: roles.reference.replicas },
      reward: { replicas: roles.reward.replicas },
    },
    tracking: compileTracking(job),
    deadlines: { ...deadlines },
  };
}
