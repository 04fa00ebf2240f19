/** Rules between fields: each is broken once, and each is silent while a field it reads is wrong by itself. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemsWith } from './manifest.ts';

type Changes = Readonly<Record<string, unknown>>;
const cases: readonly { name: string; changes: Changes; path: string; rule: RegExp; remedy: string }[] = [
  {
    name: 'a rollout that is not a whole number of minibatches',
    changes: { 'spec.rollout.batchSize': 100, 'spec.rollout.samplesPerPrompt': 3, 'spec.training.minibatchSize': 128 },
    path: 'spec.training.minibatchSize',
    rule: /must divide rollout\.batchSize \* rollout\.samplesPerPrompt = 300/,
    remedy: "use 100, or change the rollout's size",
  },
  {
    name: 'microbatches that do not fill a minibatch',
    changes: { 'spec.training.microbatchSize': 48 },
    path: 'spec.training.microbatchSize',
    rule: /times roles\.actor\.replicas \(1\) must divide training\.minibatchSize \(128\)/,
    remedy: 'use 32, or change training.minibatchSize',
  },
  {
    name: 'ranks that do not share a minibatch evenly',
    changes: { 'spec.roles.critic.replicas': 3 },
    path: 'spec.training.microbatchSize',
    rule: /times roles\.critic\.replicas \(3\)/,
    remedy: 'make training.minibatchSize a multiple of 3, or change roles.critic.replicas',
  },
  {
    name: 'two sources of scores',
    changes: { 'spec.reward.function': { path: './score.ts' } },
    path: 'spec.reward',
    rule: /exactly one source of scores: model or function/,
    remedy: 'remove one of them',
  },
  {
    name: 'no source of scores',
    changes: { 'spec.reward': {} },
    path: 'spec.reward',
    rule: /exactly one source of scores: model or function/,
    remedy: 'name a reward model (model.path), or a module with a function that scores (function.path)',
  },
  {
    name: 'a clip range upside down',
    changes: { 'spec.reward.clipRange': ['3', '-3'] },
    path: 'spec.reward.clipRange',
    rule: /the lowest below the highest/,
    remedy: 'swap them: ["-3", "3"]',
  },
  {
    name: 'a clip range without width',
    changes: { 'spec.reward.clipRange': ['1', '1.0'] },
    path: 'spec.reward.clipRange',
    rule: /the lowest below the highest/,
    remedy: 'widen the range',
  },
  {
    name: 'k3 in the reward',
    changes: { 'spec.algorithm.kl.estimator': 'k3' },
    path: 'spec.algorithm.kl.estimator',
    rule: /must be k1 if placement is reward/,
    remedy: 'use k1, or set algorithm.kl.placement to loss to keep k3',
  },
  {
    name: 'k1 in the loss',
    changes: { 'spec.algorithm.kl.placement': 'loss' },
    path: 'spec.algorithm.kl.estimator',
    rule: /must be k2 or k3 if placement is loss/,
    remedy: 'use k2 or k3, or set algorithm.kl.placement to reward to keep k1',
  },
  {
    name: 'a KL target with nothing to steer',
    changes: { 'spec.algorithm.kl.target': '6', 'spec.algorithm.kl.coef': '0' },
    path: 'spec.algorithm.kl.target',
    rule: /needs algorithm\.kl\.coef above 0/,
    remedy: 'give algorithm.kl.coef a value to start from, such as "0.01", or remove the target',
  },
  {
    name: 'a KL target for the loss',
    changes: {
      'spec.algorithm.kl.target': '6',
      'spec.algorithm.kl.placement': 'loss',
      'spec.algorithm.kl.estimator': 'k3',
    },
    path: 'spec.algorithm.kl.target',
    rule: /needs algorithm\.kl\.placement reward/,
    remedy: 'remove the target, or set algorithm.kl.placement to reward',
  },
  {
    name: 'a critic warmup without end',
    changes: { 'spec.algorithm.criticWarmupIterations': 10 },
    path: 'spec.algorithm.criticWarmupIterations',
    rule: /must be below algorithm\.numIterations = 10/,
    remedy: 'use at most 9, or more iterations',
  },
  {
    name: 'a learning rate that never arrives',
    changes: { 'spec.training.critic.warmupIterations': 11 },
    path: 'spec.training.critic.warmupIterations',
    rule: /must be below algorithm\.numIterations = 10/,
    remedy: 'use at most 9, or more iterations',
  },
  {
    name: 'evaluation on the training prompts',
    changes: { 'spec.dataset.evaluation': { path: '/data//./train.jsonl' } },
    path: 'spec.dataset.evaluation.path',
    rule: /must be another file/,
    remedy: 'name a file of held-out prompts, or remove dataset.evaluation',
  },
  {
    name: 'an output over a model',
    changes: { 'spec.output.path': '/models/', 'spec.models.reference': { path: '/elsewhere' } },
    path: 'spec.models.actor.path',
    rule: /must not be the folder that the trained actor is saved to/,
    remedy: 'choose another output.path',
  },
  {
    name: 'a heartbeat longer than the wait for a replacement',
    changes: { 'spec.deadlines.heartbeatSeconds': 300 },
    path: 'spec.deadlines.heartbeatSeconds',
    rule: /must be below deadlines\.rendezvousSeconds = 300/,
    remedy: 'lower it, or raise deadlines.rendezvousSeconds',
  },
];

for (const { name, changes, path, rule, remedy } of cases) {
  test(name, () => {
    const [problem, ...others] = problemsWith(changes);
    assert.deepEqual(others, []);
    assert.equal(problem?.path, path);
    assert.match(problem?.rule ?? '', rule);
    assert.equal(problem?.remedy, remedy);
  });
}

test('KL in the loss with k2 is fine, and so is an adaptive controller with a coefficient', () => {
  assert.deepEqual(problemsWith({ 'spec.algorithm.kl': { placement: 'loss', estimator: 'k2' } }), []);
  assert.deepEqual(problemsWith({ 'spec.algorithm.kl': { target: '6' } }), []);
});

test('a rule waits for its own fields, the others are checked beside wrong ones', () => {
  const problems = problemsWith({
    'spec.rollout.batchSize': 'many',
    'spec.training.minibatchSize': 120,
    'spec.training.microbatchSize': 7,
    'spec.models.actor': undefined,
    'spec.algorithm': undefined,
  });
  assert.deepEqual(
    problems.map((problem) => problem.path),
    [
      'spec.models.actor.path',
      'spec.algorithm.numIterations',
      'spec.rollout.batchSize',
      'spec.training.microbatchSize',
    ],
  );
});
