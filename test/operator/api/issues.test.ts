/** A field's problem says what was found, what is allowed and what to do, in words for people. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemsWith } from './manifest.ts';

const cases: readonly { name: string; path: string; value: unknown; found: string; rule: string; remedy: string }[] = [
  {
    name: 'a number where a decimal in quotes belongs',
    path: 'spec.training.actor.learningRate',
    value: 3e-4,
    found: '0.0003',
    rule: 'must be a decimal in quotes, above 0 and at most 1',
    remedy: 'write it in quotes: "0.0003"',
  },
  {
    name: 'a decimal out of range',
    path: 'spec.algorithm.gamma',
    value: '1.5',
    found: '"1.5"',
    rule: 'must be a decimal in quotes, at least 0 and at most 1',
    remedy: 'change it (Discount per token.)',
  },
  {
    name: 'text where a whole number belongs',
    path: 'spec.algorithm.numIterations',
    value: '60',
    found: '"60"',
    rule: 'must be a whole number from 1 to 1000000',
    remedy: 'write it without quotes: 60',
  },
  {
    name: 'a fraction where a whole number belongs',
    path: 'spec.rollout.batchSize',
    value: 51.2,
    found: '51.2',
    rule: 'must be a whole number from 1 to 1048576',
    remedy: 'change it (Prompts per iteration.)',
  },
  {
    name: 'a choice that is not offered',
    path: 'spec.training.critic.schedule',
    value: 'cosin',
    found: '"cosin"',
    rule: 'must be one of constant, linear, cosine',
    remedy: 'did you mean cosine?',
  },
  {
    name: 'a choice that is near none of those offered',
    path: 'spec.algorithm.advantageEstimator',
    value: 'vtrace',
    found: '"vtrace"',
    rule: 'must be one of gae',
    remedy: 'use gae (How advantages are estimated: gae, with a critic.)',
  },
  {
    name: 'a missing field',
    path: 'spec.models.critic.path',
    value: undefined,
    found: 'nothing',
    rule: 'must be text',
    remedy: 'add it (Hugging Face folder.)',
  },
  {
    name: 'an empty path',
    path: 'spec.output.path',
    value: '',
    found: '""',
    rule: 'must not be empty',
    remedy:
      'change it (Folder for the trained actor, metrics.jsonl and summaries. In a cluster a relative one is an empty folder ' +
      'that goes with its pod, unless podTemplate mounts a volume there.)',
  },
  {
    name: 'a list of the wrong length',
    path: 'spec.reward.clipRange',
    value: ['-3'],
    found: '["-3"]',
    rule: 'must have exactly 2 items',
    remedy: 'change it (Scores are clipped to [lowest, highest].)',
  },
  {
    name: 'text where a mapping belongs',
    path: 'spec.rollout',
    value: 'big',
    found: '"big"',
    rule: 'must be a mapping of keys to values',
    remedy: 'change it (How responses are generated.)',
  },
  {
    name: 'a second coordinator',
    path: 'spec.roles.coordinator.replicas',
    value: 2,
    found: '2',
    rule: 'must be 1',
    remedy: 'change it (Pods of this role.)',
  },
  {
    name: 'a quantity that is none',
    path: 'spec.roles.actor.resources.limits.cpu',
    value: [],
    found: '[]',
    rule: 'must be a quantity, such as "500m", 4Gi or 2',
    remedy: 'change it',
  },
  {
    name: 'a quantity below zero',
    path: 'spec.roles.actor.resources.limits.cpu',
    value: -1,
    found: '-1',
    rule: 'must be a quantity, such as "500m", 4Gi or 2',
    remedy: 'change it',
  },
];

for (const { name, path, value, ...expected } of cases) {
  test(name, () => assert.deepEqual(problemsWith({ [path]: value }), [{ path, ...expected }]));
}

test('a wrong item of a list is reported where it stands', () => {
  const [problem] = problemsWith({ 'spec.reward.clipRange': ['-3', 'x'] });
  assert.equal(problem?.path, 'spec.reward.clipRange[1]');
  assert.equal(problem?.found, '"x"');
});

test('null in a list is no value', () => {
  const [problem] = problemsWith({ 'spec.reward.clipRange': ['-3', null] });
  assert.equal(problem?.path, 'spec.reward.clipRange[1]');
  assert.equal(problem?.remedy, 'give it a value, or remove the key');
});

test('resources have short names and quantities without a sign', () => {
  const rulesOf = (limits: unknown) =>
    problemsWith({ 'spec.roles.actor.resources': { limits } }).map(({ rule }) => rule);
  for (const value of ['500m', '4Gi', '.5', '1e3', '2', 0, 8_589_934_592])
    assert.deepEqual(rulesOf({ cpu: value }), []);
  for (const value of ['', '-1', '4 Gi', '4gi', 'x', -1, 0.5, true])
    assert.equal(rulesOf({ cpu: value }).length, 1, `${value}`);
  assert.deepEqual(rulesOf({ ['n'.repeat(129)]: 1 }), ['must have names of at most 128 characters']);
});

test('too many resources are refused', () => {
  const limits = Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`r${i}`, 1]));
  const [problem] = problemsWith({ 'spec.roles.actor.resources': { limits } });
  assert.equal(problem?.rule, 'must have at most 16 entries');
});

test('a number beyond two bounds is one problem', () => {
  assert.equal(problemsWith({ 'spec.seed': 99_999_999_999 }).length, 1);
});
