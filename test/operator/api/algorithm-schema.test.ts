/** Defaults are those that OpenRLHF's users know (v0.11: actor.*, critic.*, algo.*, rollout.*, train.*). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { algorithmSchema, rolloutSchema, trainingSchema } from '../../../operator/api/algorithm-schema.ts';

test('algorithm', () => {
  assert.deepEqual(algorithmSchema.parse({ numIterations: 1 }), {
    advantageEstimator: 'gae',
    numIterations: 1,
    gamma: '1',
    gaeLambda: '1',
    whitenAdvantages: true,
    numPpoEpochs: 1,
    clipRange: { low: '0.2', high: '0.2' },
    valueClipRange: '0.5',
    entropyCoef: '0',
    kl: { coef: '0.01', estimator: 'k1', placement: 'reward', horizon: '10000' },
    criticWarmupIterations: 0,
  });
});

test('rollout', () => {
  const { batchSize, samplesPerPrompt, temperature, topP, topK } = rolloutSchema.parse({});
  assert.deepEqual([batchSize, samplesPerPrompt, temperature, topP, topK], [1024, 1, '1', '1', 0]);
});

test('training: the critic learns nine times as fast as the actor', () => {
  const { actor, critic, minibatchSize, microbatchSize } = trainingSchema.parse({});
  assert.deepEqual([minibatchSize, microbatchSize], [128, 1]);
  assert.deepEqual(actor, {
    learningRate: '1e-6',
    schedule: 'cosine',
    warmupIterations: 0,
    minLearningRateRatio: '0.1',
    beta1: '0.9',
    beta2: '0.95',
    epsilon: '1e-8',
    weightDecay: '0',
    maxGradNorm: '1',
  });
  assert.deepEqual(critic, { ...actor, learningRate: '9e-6' });
});

test('values that would break the mathematics are refused', () => {
  assert.ok(!trainingSchema.safeParse({ actor: { beta2: '1' } }).success);
  assert.ok(!algorithmSchema.safeParse({ numIterations: 1, dualClip: '1' }).success);
  assert.ok(!rolloutSchema.safeParse({ temperature: '0' }).success);
  assert.ok(!algorithmSchema.safeParse({ numIterations: 1, advantageEstimator: 'rloo' }).success);
});
