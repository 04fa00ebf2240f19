/** What a manifest reads on this machine: what is there is fine, what isn't is told with what stands there instead. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { findMissingInputs } from '../../../operator/local/input-files.ts';

const directory = mkdtempSync(join(tmpdir(), 'ppo-inputs-test-'));
after(() => rmSync(directory, { recursive: true }));
for (const folder of ['model', 'empty']) mkdirSync(join(directory, folder));
for (const file of ['model/config.json', 'train.jsonl', 'reward.ts']) writeFileSync(join(directory, file), '{}');

const actor = (path: unknown) => findMissingInputs({ spec: { models: { actor: { path } } } }, directory);
const train = (path: unknown) => findMissingInputs({ spec: { dataset: { train: { path } } } }, directory);
const remedyOf = ([problem]: ReturnType<typeof actor>): string => problem?.remedy ?? '';

test('what is there is no problem, and what is no path is none of ours', () => {
  const spec = {
    models: { actor: { path: 'model' }, critic: { path: join(directory, 'model') }, reference: null },
    dataset: { train: { path: './train.jsonl' }, evaluation: 3 },
    reward: { function: { path: 'reward.ts' }, model: { path: '' } },
  };
  assert.deepEqual(findMissingInputs({ spec }, directory), []);
  for (const manifest of [{}, { spec: null }, { spec: 'x' }]) assert.deepEqual(findMissingInputs(manifest, '/'), []);
});

test('a path with nothing there', () => {
  assert.deepEqual(actor('./modle'), [
    {
      path: 'spec.models.actor.path',
      found: JSON.stringify(join(directory, 'modle')),
      rule: 'must be a Hugging Face folder with a config.json',
      remedy: "there is nothing: check the path; relative ones count from the manifest's folder",
    },
  ]);
  assert.match(remedyOf(train('data/train.jsonl')), /^there is nothing: .* manifest's folder$/);
  assert.match(remedyOf(train('train.jsonl/x')), /^there is nothing: check the path/);
});

test("what may be a hub's name is told not to be fetched", () => {
  const remedy = remedyOf(actor('Qwen/Qwen2.5-0.5B'));
  assert.match(
    remedy,
    /^there is nothing: check the path; .*nothing is fetched from a hub.* hf download Qwen\/Qwen2.5-0.5B --local-dir Qwen2.5-0.5B$/,
  );
  assert.match(remedyOf(train('openai/gsm8k')), /nothing is fetched from a hub.* write its prompts to a file/);
});

test('a file where a folder belongs, and the other way round', () => {
  assert.equal(remedyOf(actor('model/config.json')), 'it is a file: name the folder that it is in');
  assert.match(remedyOf(actor('empty')), /^it has no config.json/);
  assert.equal(remedyOf(train('model')), 'it is a folder: name the file in it');
});
