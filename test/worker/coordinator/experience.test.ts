/** Experiences by hand-made numbers: the KL in the reward or in the loss, clipping, whitening, figures. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { computeExperiences, type ScoredRollout, wireRow } from '../../../worker/coordinator/experience.ts';
import { jobConfig } from './fake-job.ts';

// Two responses of 2 and 1 tokens after prompts of 1 token.
const rollout: ScoredRollout = {
  sequences: [
    { tokenIds: [1, 5, 2], promptLength: 1 },
    { tokenIds: [1, 2], promptLength: 1 },
  ],
  responses: [
    { responseTokenIds: [5, 2], rolloutLogprobs: [-1, -2.5], finishReason: 'stop' },
    { responseTokenIds: [6], rolloutLogprobs: [-0.5], finishReason: 'length' },
  ],
  oldLogprobs: [[-1, -2], [-0.5]],
  referenceLogprobs: [[-1.5, -1.75], [-1]],
  values: [[0.5, 0.25], [1]],
  scores: [[5], [-1]],
};

function compute(changes: { placement?: 'reward' | 'loss'; whitenAdvantages?: boolean } = {}) {
  const { algorithm } = jobConfig('/models', {
    algorithm: {
      gamma: 1,
      gaeLambda: 1,
      whitenAdvantages: changes.whitenAdvantages ?? false,
      kl: { placement: changes.placement ?? 'reward' },
    },
  });
  return computeExperiences(rollout, { algorithm, clipRange: [-2, 2], klCoef: 0.5 });
}

describe('computeExperiences', () => {
  it('puts the KL penalty and the clipped score into the rewards', () => {
    const { experiences } = compute();
    // k1 = logprob - reference: 0.5, -0.25; 0.5. Rewards: -0.25, 0.125 + 2; -0.25 - 1. gamma = lambda = 1: return = sum.
    assert.deepEqual([...experiences.returns], [1.875, 2.125, -1.25, 0]);
    assert.deepEqual([...experiences.advantages], [1.375, 1.875, -2.25, 0]);
    assert.deepEqual(wireRow(experiences.returns, experiences, 1), [-1.25]);
  });

  it('leaves the rewards alone where the KL is in the loss', () => {
    assert.deepEqual([...compute({ placement: 'loss' }).experiences.returns], [2, 2, -1, 0]);
  });

  it('whitens advantages over all tokens of the rollout, and returns never', () => {
    const { advantages, returns } = compute({ whitenAdvantages: true }).experiences;
    const tokens = advantages.slice(0, 3);
    const mean = tokens.reduce((sum, x) => sum + x, 0) / 3;
    const variance = tokens.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 3;
    assert.ok(Math.abs(mean) < 1e-6);
    assert.ok(Math.abs(variance - 1) < 1e-5);
    assert.equal(advantages[3], 0);
    assert.equal(returns[0], 1.875);
  });

  it('describes the rollout', () => {
    const { metrics } = compute();
    assert.equal(metrics['rollout/score'], 0.5);
    assert.equal(metrics['rollout/scoreStd'], 1.5);
    assert.equal(metrics['rollout/responseTokens'], 1.5);
    assert.equal(metrics['rollout/finishedShare'], 0.5);
    assert.equal(metrics['policy/kl'], 0.375);
    assert.equal(metrics['policy/klCoef'], 0.5);
    assert.equal(metrics['policy/klPerToken'], 0.25);
    assert.equal(metrics['policy/logprobDifference'], 0.5);
    assert.equal(metrics['policy/logprobDifferenceMean'], 0.5 / 3);
    assert.ok(Number.isFinite(metrics['critic/explainedVariance']));
  });
});
