// What lies in the example's folder: data and models as the manifest and the workers take them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { answerAccuracy, rewardAccuracy } from '../../../examples/arithmetic/evaluation.ts';
import { scoreResponses } from '../../../examples/arithmetic/reward-model.ts';
import { Sampler } from '../../../examples/arithmetic/sampler.ts';
import {
  answerText,
  MODEL_CONFIG,
  type Problem,
  promptText,
  promptTokenIds,
  responseTokenIds,
  splitProblems,
} from '../../../examples/arithmetic/task.ts';
import { parsePPOJob } from '../../../operator/api/parse.ts';
import { loadModelFolder } from '../../../worker/models/folder.ts';
import { loadTokenizer } from '../../../worker/models/tokenizer.ts';
import { Rng } from '../../../worker/ppo/rng.ts';
import { createCpuDevice } from '../../../worker/runtime/cpu-device.ts';

const FOLDER = join(import.meta.dirname, '../../../examples/arithmetic');
const ROLES = ['actor', 'critic', 'reward'] as const;
const model = (role: (typeof ROLES)[number]) => join(FOLDER, 'models', role);
const runtime = { device: createCpuDevice(), threads: 2 };
const problems = splitProblems();
const asked = problems.heldout.slice(0, 500);

function linesOf(name: string): unknown[] {
  const text = readFileSync(join(FOLDER, 'data', `${name}.jsonl`), 'utf8');
  assert.ok(text.endsWith('\n'));
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

test('the data are the split, so no held-out prompt is a train prompt', () => {
  const lines = (split: readonly Problem[]) =>
    split.map((problem) => ({ prompt: promptText(problem), answer: answerText(problem) }));
  assert.deepEqual(linesOf('train'), lines(problems.train));
  assert.deepEqual(linesOf('heldout'), lines(problems.heldout));
});

test('the manifest names what is there', () => {
  const parsed = parsePPOJob(readFileSync(join(FOLDER, 'ppojob.yaml'), 'utf8'));
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const { models, reward, dataset, rollout } = parsed.job.spec;
  const paths = [models.actor.path, models.critic.path, reward.model?.path ?? ''];
  assert.deepEqual(
    paths.map((path) => join(FOLDER, path)),
    ROLES.map(model),
  );
  assert.equal(join(FOLDER, dataset.train.path), join(FOLDER, 'data/train.jsonl'));
  assert.equal(join(FOLDER, dataset.evaluation!.path), join(FOLDER, 'data/heldout.jsonl'));
  assert.ok(rollout.maxPromptTokens + rollout.maxResponseTokens <= MODEL_CONFIG.maxPositions);
});

for (const role of ROLES) {
  test(`the tokenizer of the ${role} gives the task's tokens and back`, () => {
    const tokenizer = loadTokenizer(model(role));
    for (const problem of asked) {
      assert.deepEqual(tokenizer.encode(promptText(problem)), promptTokenIds(problem));
      const response = responseTokenIds(answerText(problem));
      assert.equal(tokenizer.decode(response, { skipSpecialTokens: true }), answerText(problem));
    }
  });
}

test('the actor answers about one question in four rightly', () => {
  const actor = loadModelFolder(model('actor'), 'language-model');
  assert.deepEqual(actor.config, MODEL_CONFIG);
  const sampler = new Sampler({ ...runtime, model: actor, parameters: actor.parameters });
  try {
    const greedy = answerAccuracy(sampler, asked, null);
    const sampled = answerAccuracy(sampler, asked, new Rng(1));
    for (const accuracy of [greedy, sampled]) assert.ok(accuracy > 0.17 && accuracy < 0.35, `${greedy} ${sampled}`);
  } finally {
    sampler.dispose();
  }
});

test('the reward model knows right from wrong: one threshold separates them', () => {
  const reward = loadModelFolder(model('reward'), 'score');
  const responses = asked.map(({ a, b }) => responseTokenIds(String(a + b + 1)));
  const accuracy = rewardAccuracy((sequences) => scoreResponses({ ...runtime, model: reward }, sequences), asked, {
    responses,
    seed: 9,
  });
  assert.ok(accuracy.balanced >= 0.98 && accuracy.pairs >= 0.98, JSON.stringify(accuracy));
});

test('the critic starts as the reward model', () => {
  for (const file of ['model.safetensors', 'config.json']) {
    assert.ok(readFileSync(join(model('critic'), file)).equals(readFileSync(join(model('reward'), file))), file);
  }
});
