/** What people mean by keys that a PPOJob doesn't have. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPENRLHF_WORDS } from '../../../operator/api/foreign-keys.ts';
import { specSchema } from '../../../operator/api/ppojob.ts';
import { allPaths } from '../../../operator/api/schema-tree.ts';
import { problemsWith } from './manifest.ts';

const remedyOf = (path: string, value: unknown = 1): string | undefined => problemsWith({ [path]: value })[0]?.remedy;

test("OpenRLHF's options lead to what became of them, however they are spelt", () => {
  assert.equal(remedyOf('spec.train_batch_size'), 'did you mean spec.training.minibatchSize?');
  assert.equal(remedyOf('spec.rollout.n_samples_per_prompt'), 'did you mean spec.rollout.samplesPerPrompt?');
  assert.equal(remedyOf('spec.initKlCoef'), 'did you mean spec.algorithm.kl.coef?');
  assert.equal(remedyOf('spec.training.critic.lr_scheduler'), 'did you mean spec.training.critic.schedule?');
  assert.match(remedyOf('spec.zero_stage') ?? '', /^remove it; docs\/migrating-from-openrlhf\.md /);
});

test('each of them leads to a field', () => {
  const paths = allPaths(specSchema).map((path) => `.${path.join('.')}`);
  for (const [word, end] of Object.entries(OPENRLHF_WORDS))
    assert.ok(paths.some((path) => path.endsWith(`.${end}`)), word); // biome-ignore format: one thought
});

test('the nearest of several places is the one that is meant', () => {
  assert.equal(remedyOf('spec.roles.actor.image'), 'did you mean spec.roles.actor.podTemplate.image?');
  assert.equal(remedyOf('spec.env', []), 'did you mean spec.podTemplate.env?');
  assert.equal(remedyOf('spec.roles.critic.gpus'), 'did you mean spec.roles.critic.resources.limits?');
});

test("a pod template has no layers, as Kubernetes' has", () => {
  assert.equal(remedyOf('spec.podTemplate.spec', {}), 'put what is in it right below podTemplate');
  assert.equal(remedyOf('spec.roles.actor.podTemplate.metadata', {}), 'put what is in it right below podTemplate');
  assert.equal(remedyOf('spec.metadata', {}), 'remove it');
});
