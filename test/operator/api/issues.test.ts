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
    rule: 'must be gae',
    remedy: 'use gae (How advantages are estimated: gae, with a critic.)',
  },
  {
    name: 'a missing field',
    path: 'spec.models.critic.path',
    value: undefined,
    found: 'nothing',
    rule: 'must be text',
    remedy: 'add it (Folder of a Hugging Face model: config.json, tokenizer.json, safetensors.)',
  },
  {
    name: 'an empty path',
    path: 'spec.output.path',
    value: '',
    found: '""',
    rule: 'must not be empty',
    remedy:
      'change it (Folder for the trained actor, metrics.jsonl and summaries. In a cluster a relative one is an empty folder ' +
      'that is lost with its pod, unless podTemplate mounts a volume there.)',
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
    rule: 'must be a mapping with keys such as batchSize, samplesPerPrompt, maxPromptTokens, maxResponseTokens, temperature, topP',
    remedy: 'change it (How responses are generated.)',
  },
  {
    name: 'the path of a model where the model belongs',
    path: 'spec.models.reference',
    value: 'models/sft',
    found: '"models/sft"',
    rule: 'must be a mapping with the key path',
    remedy: 'write it as {path: "models/sft"}',
  },
  {
    name: 'one number where a range belongs',
    path: 'spec.algorithm.clipRange',
    value: 0.2,
    found: '0.2',
    rule: 'must be a mapping with the keys low, high',
    remedy: 'change it (Clipping of the ratio of new to old probability of a token.)',
  },
  {
    name: 'true in quotes',
    path: 'spec.suspend',
    value: 'true',
    found: '"true"',
    rule: 'must be true or false',
    remedy: 'write it without quotes: true',
  },
  {
    name: 'a second coordinator',
    path: 'spec.roles.coordinator.replicas',
    value: 2,
    found: '2',
    rule: 'must be 1',
    remedy: 'change it (Number of pods of this role.)',
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

test('one word where a list belongs', () => {
  const [problem] = problemsWith({ 'spec.failurePolicy': { rules: [{ roles: 'actor', action: 'FailJob' }] } });
  assert.equal(problem?.path, 'spec.failurePolicy.rules[0].roles');
  assert.equal(problem?.remedy, 'write it as a list: [actor]');
});

test("other people's quantities are told in Kubernetes' own form", () => {
  const remedyOf = (cpu: unknown) => problemsWith({ 'spec.roles.actor.resources': { limits: { cpu } } })[0]?.remedy;
  assert.equal(remedyOf(1.5), 'write it in quotes: "1.5"');
  assert.equal(remedyOf('4GiB'), 'did you mean 4Gi?');
  assert.equal(remedyOf('4 gib'), 'did you mean 4Gi?');
  assert.equal(remedyOf('4 GB'), 'did you mean 4G?');
  assert.equal(remedyOf('512mb'), 'did you mean 512M?');
  assert.equal(remedyOf('500 m'), 'did you mean 500m?');
  assert.equal(remedyOf('1K'), 'did you mean 1k?');
  assert.equal(remedyOf('two'), 'change it');
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
