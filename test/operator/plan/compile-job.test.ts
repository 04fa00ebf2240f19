/** The compiled job is what the workers' schema takes, with every value in its place. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileJob } from '../../../operator/plan/compile-job.ts';
import { jobConfigSchema } from '../../../worker/api/job-config.ts';
import { jobWith } from '../api/manifest.ts';

test('the least that a user must write compiles', () => {
  const config = compileJob(jobWith());
  assert.deepEqual(jobConfigSchema.parse(config), config);
  assert.deepEqual(config.job, { name: 'job', namespace: 'default', uid: 'uid-1' });
  assert.deepEqual(config.models, {
    actor: '/models/actor',
    critic: '/models/critic',
    reference: '/models/actor',
    reward: '/models/reward',
  });
  assert.equal(config.dataset.evaluationPath, null);
  assert.equal(config.algorithm.dualClip, null);
  assert.equal(config.algorithm.kl.target, null);
});

test('every value that a user sets arrives, decimals as numbers', () => {
  const optimizer = (learningRate: string) => ({
    learningRate,
    schedule: 'linear',
    warmupIterations: 3,
    minLearningRateRatio: '0.2',
    beta1: '0.8',
    beta2: '0.99',
    epsilon: '1e-7',
    weightDecay: '0.01',
    maxGradNorm: '2',
  });
  const compiledOptimizer = {
    schedule: 'linear',
    warmupIterations: 3,
    minLearningRateRatio: 0.2,
    beta1: 0.8,
    beta2: 0.99,
    epsilon: 1e-7,
    weightDecay: 0.01,
    maxGradNorm: 2,
  };
  const config = compileJob(
    jobWith({
      'metadata.namespace': 'team',
      'spec.seed': 7,
      'spec.models.reference': { path: '/models/reference' },
      'spec.reward.clipRange': ['-3', '2.5'],
      'spec.dataset.evaluation': { path: '/data/heldout.jsonl', limit: 100 },
      'spec.dataset.promptField': 'question',
      'spec.dataset.answerField': 'solution',
      'spec.algorithm': {
        numIterations: 60,
        gamma: '0.99',
        gaeLambda: '0.95',
        whitenAdvantages: false,
        numPpoEpochs: 2,
        clipRange: { low: '0.1', high: '0.3' },
        dualClip: '3',
        valueClipRange: '0.4',
        entropyCoef: '0.001',
        kl: { coef: '0.05', estimator: 'k1', placement: 'reward', target: '6', horizon: '5000' },
        criticWarmupIterations: 2,
      },
      'spec.rollout': {
        batchSize: 64,
        samplesPerPrompt: 4,
        maxPromptTokens: 8,
        maxResponseTokens: 5,
        temperature: '0.7',
        topP: '0.9',
        topK: 50,
        maxConcurrentSequences: 32,
      },
      'spec.training': { minibatchSize: 64, microbatchSize: 16, actor: optimizer('3e-4'), critic: optimizer('5e-4') },
      'spec.evaluation': { everyIterations: 5, passScore: '0.25' },
      'spec.checkpoint': { everyIterations: 10, keep: 2, path: '/checkpoints' },
      'spec.output.path': '/output',
      'spec.roles': { actor: { replicas: 2 }, critic: { replicas: 4 }, generation: { replicas: 3 } },
      'spec.deadlines': { rendezvousSeconds: 60, heartbeatSeconds: 5, callSeconds: 30 },
    }),
  );
  assert.deepEqual(config, {
    job: { name: 'job', namespace: 'team', uid: 'uid-1' },
    seed: 7,
    models: {
      actor: '/models/actor',
      critic: '/models/critic',
      reference: '/models/reference',
      reward: '/models/reward',
    },
    criticHead: 'Saved',
    reward: { clipRange: [-3, 2.5], function: null },
    dataset: {
      trainPath: '/data/train.jsonl',
      evaluationPath: '/data/heldout.jsonl',
      promptField: 'question',
      answerField: 'solution',
      evaluationLimit: 100,
    },
    algorithm: {
      numIterations: 60,
      gamma: 0.99,
      gaeLambda: 0.95,
      whitenAdvantages: false,
      numPpoEpochs: 2,
      clipRangeLow: 0.1,
      clipRangeHigh: 0.3,
      dualClip: 3,
      valueClipRange: 0.4,
      entropyCoef: 0.001,
      kl: { coef: 0.05, estimator: 'k1', placement: 'reward', target: 6, horizon: 5000 },
      criticWarmupIterations: 2,
    },
    rollout: {
      batchSize: 64,
      samplesPerPrompt: 4,
      maxPromptTokens: 8,
      maxResponseTokens: 5,
      temperature: 0.7,
      topP: 0.9,
      topK: 50,
      maxConcurrentSequences: 32,
    },
    training: {
      minibatchSize: 64,
      microbatchSize: 16,
      actor: { learningRate: 3e-4, ...compiledOptimizer },
      critic: { learningRate: 5e-4, ...compiledOptimizer },
    },
    evaluation: { everyIterations: 5, passScore: 0.25 },
    checkpoint: { directory: '/checkpoints', everyIterations: 10, keep: 2 },
    output: { directory: '/output' },
    roles: {
      actor: { replicas: 2 },
      critic: { replicas: 4 },
      generation: { replicas: 3 },
      reference: { replicas: 1 },
      reward: { replicas: 1 },
    },
    tracking: { tensorboard: null, wandb: null },
    deadlines: { rendezvousSeconds: 60, heartbeatSeconds: 5, callSeconds: 30 },
  });
  assert.deepEqual(jobConfigSchema.parse(config), config);
});

test('trackers are off unless named, and get a folder and a name where the manifest gives none', () => {
  assert.deepEqual(compileJob(jobWith()).tracking, { tensorboard: null, wandb: null });
  const least = { tensorboard: {}, wandb: { project: 'sums' } };
  assert.deepEqual(compileJob(jobWith({ 'spec.tracking': least, 'spec.output.path': '/out' })).tracking, {
    tensorboard: { directory: '/out/tensorboard', sampleResponses: 4 },
    wandb: { directory: '/out/wandb', project: 'sums', entity: null, name: 'job', group: null, tags: [] },
  });
  const wandb = { path: '/w', project: 'sums', entity: 'team', name: 'first', group: 'seeds', tags: ['a', 'b'] };
  const named = { tensorboard: { path: '/t', sampleResponses: 0 }, wandb };
  const { path: directory, ...others } = wandb;
  const config = compileJob(jobWith({ 'spec.tracking': named }));
  assert.deepEqual(config.tracking, {
    tensorboard: { directory: '/t', sampleResponses: 0 },
    wandb: { directory, ...others },
  });
  assert.deepEqual(jobConfigSchema.parse(config), config);
});

test('"0" turns value clipping off', () => {
  for (const off of ['0', '0.0', '0e3']) {
    assert.equal(compileJob(jobWith({ 'spec.algorithm.valueClipRange': off })).algorithm.valueClipRange, null);
  }
});

test('the extremes that the manifest allows are allowed to the workers', () => {
  const extremes: Record<string, string>[] = [
    { 'spec.algorithm.clipRange.high': '10', 'spec.algorithm.clipRange.low': '1' },
    { 'spec.training.actor.beta1': '0', 'spec.training.actor.maxGradNorm': '0', 'spec.training.actor.epsilon': '1' },
    { 'spec.algorithm.gamma': '0', 'spec.algorithm.gaeLambda': '0', 'spec.rollout.topP': '1' },
  ];
  for (const changes of extremes) assert.ok(jobConfigSchema.safeParse(compileJob(jobWith(changes))).success);
});

test('a job without uid is not compiled', () => {
  assert.throws(() => compileJob(jobWith({ 'metadata.uid': undefined })), /^Error: internal: /);
});

test('the workers are told how many generation replicas the job waits for', () => {
  const replicasOf = (changes: Readonly<Record<string, unknown>>) =>
    compileJob(jobWith({ 'spec.roles.generation.replicas': 4, ...changes })).roles.generation.replicas;
  assert.equal(replicasOf({}), 4);
  assert.equal(replicasOf({ 'spec.scheduling.minGenerationReplicas': 2 }), 2);
});

test('a function that scores takes the place of the reward model, and a new head that of the saved one', () => {
  const config = compileJob(
    jobWith({
      'spec.reward': { function: { path: '/rewards/gsm8k.ts', timeoutSeconds: 5 } },
      'spec.models.critic': { path: '/models/actor', initializeHead: true },
    }),
  );
  assert.deepEqual(jobConfigSchema.parse(config), config);
  assert.equal(config.models.reward, null);
  assert.deepEqual(config.reward.function, { path: '/rewards/gsm8k.ts', name: 'score', timeoutSeconds: 5 });
  assert.equal(config.criticHead, 'New');
});
