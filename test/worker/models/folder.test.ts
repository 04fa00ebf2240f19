/** Model folders in and out. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync as rm, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ModelConfig } from '../../../worker/models/config.ts';
import { loadModelConfig, loadModelFolder, saveModelFolder } from '../../../worker/models/folder.ts';
import { type HeadKind, layoutParameters, slotView } from '../../../worker/models/layout.ts';
import { writeSafetensors } from '../../../worker/models/safetensors.ts';
import { Rng } from '../../../worker/ppo/rng.ts';
import { llama, modelError, qwen2, temporaryFolder } from './fixtures.ts';

function randomModel(config: ModelConfig, head: HeadKind) {
  const layout = layoutParameters(config, head);
  const parameters = new Float32Array(layout.numElements);
  const rng = new Rng(1);
  for (const slot of layout.slots)
    slotView(parameters, slot).forEach((_, i, view) => {
      view[i] = rng.normal();
    });
  return { config, head, layout, parameters, tokenizerFrom: null };
}

for (const config of [llama, qwen2]) {
  for (const head of ['language-model', 'score'] as const) {
    test(`a ${config.modelType} with head ${head} is saved and loaded bit for bit`, (t) => {
      const path = join(temporaryFolder(t), 'deep', 'model');
      const model = randomModel({ ...config, scoreMean: head === 'score' ? 0.5 : 0 }, head);
      saveModelFolder(path, model);
      const into = new Float32Array(model.layout.numElements).fill(9);
      const loaded = loadModelFolder(path, head, { into });
      assert.equal(loaded.parameters, into);
      assert.deepEqual(loaded, { config: model.config, layout: model.layout, parameters: model.parameters });
      assert.deepEqual(readdirSync(path).sort(), ['config.json', 'model.safetensors']);
    });
  }
}

test('the same model is the same bytes, and saving over a folder replaces it whole', (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'model');
  const model = randomModel(llama, 'language-model');
  saveModelFolder(path, model);
  const before = readFileSync(join(path, 'model.safetensors'));
  writeFileSync(join(path, 'stale.txt'), '');
  saveModelFolder(path, model);
  assert.deepEqual(readFileSync(join(path, 'model.safetensors')), before);
  assert.ok(!existsSync(join(path, 'stale.txt')));
  assert.deepEqual(readdirSync(folder), ['model']);
});

test('a save that fails leaves the old folder and nothing else', (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'model');
  const model = randomModel(llama, 'language-model');
  saveModelFolder(path, model);
  const broken = join(folder, 'broken');
  mkdirSync(join(broken, 'tokenizer.json'), { recursive: true }); // a folder can't be copied as a file
  assert.throws(() => saveModelFolder(path, { ...model, tokenizerFrom: broken }));
  assert.deepEqual(readdirSync(folder).sort(), ['broken', 'model']);
  assert.deepEqual(loadModelFolder(path, 'language-model').parameters, model.parameters);
});

test('tokenizer and generation files come along, also from the folder that is replaced', (t) => {
  const path = join(temporaryFolder(t), 'model');
  const model = randomModel(llama, 'language-model');
  saveModelFolder(path, model);
  writeFileSync(join(path, 'tokenizer.json'), '{"a":1}');
  writeFileSync(join(path, 'generation_config.json'), '{"eos_token_id":[2,3]}');
  saveModelFolder(path, { ...model, tokenizerFrom: path });
  assert.equal(readFileSync(join(path, 'tokenizer.json'), 'utf8'), '{"a":1}');
  assert.deepEqual(loadModelConfig(path).eosTokenIds, [2, 3]);
});

test('a language model is not a critic, and the message says so', (t) => {
  const path = join(temporaryFolder(t), 'model');
  saveModelFolder(path, randomModel(llama, 'language-model'));
  const error = modelError(() => loadModelFolder(path, 'score'));
  assert.match(
    error.message,
    /score\.weight: found nothing; allowed: a tensor \[1, 8\]\. A critic or reward model is needed/,
  );
  saveModelFolder(path, randomModel(llama, 'score'));
  assert.match(modelError(() => loadModelFolder(path, 'language-model')).message, /lm_head\.weight: found nothing/);
});

test('shards are read through their index', (t) => {
  const path = join(temporaryFolder(t), 'model');
  const model = randomModel(llama, 'language-model');
  saveModelFolder(path, model);
  const tensors = model.layout.slots.flatMap((slot) => slot.tensors);
  const shards = [tensors.slice(0, 7), tensors.slice(7)];
  const names = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];
  const weightMap: Record<string, string> = {};
  shards.forEach((shard, i) => {
    for (const { name } of shard) weightMap[name] = names[i]!;
    const data = shard.map((tensor) => ({ ...tensor, data: slotView(model.parameters, tensor) }));
    writeSafetensors(join(path, names[i]!), data);
  });
  const index = join(path, 'model.safetensors.index.json');
  writeFileSync(index, JSON.stringify({ metadata: {}, weight_map: weightMap }));
  writeFileSync(join(path, 'model.safetensors'), '');
  assert.throws(() => loadModelFolder(path, 'language-model'), /a file of 0 bytes/);
  rm(join(path, 'model.safetensors'));
  assert.deepEqual(loadModelFolder(path, 'language-model').parameters, model.parameters);

  for (const [name, pattern] of [
    ['../model-00002-of-00002.safetensors', /a file of the same folder/],
    ['..', /a file of the same folder/],
    ['gone.safetensors', /a file of the same folder/],
    [names[0]!, /not in model-00001-of-00002\.safetensors/],
  ] as const) {
    writeFileSync(index, JSON.stringify({ weight_map: { ...weightMap, 'model.norm.weight': name } }));
    assert.match(modelError(() => loadModelFolder(path, 'language-model')).message, pattern);
  }
  writeFileSync(index, '{}');
  assert.match(modelError(() => loadModelFolder(path, 'language-model')).message, /weight_map: found nothing/);
});

test('shapes and tensors that do not belong are all listed', (t) => {
  const path = join(temporaryFolder(t), 'model');
  const model = randomModel(llama, 'language-model');
  saveModelFolder(path, model);
  const tensors = model.layout.slots.flatMap((slot) =>
    slot.tensors.map((tensor) => ({ ...tensor, data: slotView(model.parameters, tensor) })),
  );
  const norm = tensors.find(({ name }) => name === 'model.norm.weight')!;
  const changed = tensors.filter((tensor) => tensor !== norm && tensor.name !== 'lm_head.weight');
  changed.push({ ...norm, shape: [2, 4] });
  changed.push({ ...norm, name: 'model.layers.0.self_attn.q_proj.bias' });
  changed.push({ ...norm, name: 'model.layers.0.self_attn.rotary_emb.inv_freq' });
  writeSafetensors(join(path, 'model.safetensors'), changed);
  const { problems } = modelError(() => loadModelFolder(path, 'language-model'));
  assert.deepEqual(
    problems.map(({ path: name, found, allowed }) => [name, found, allowed]),
    [
      ['model.norm.weight', '[2, 4]', '[8]'],
      ['lm_head.weight', 'nothing', 'a tensor [10, 8]'],
      ['model.layers.0.self_attn.q_proj.bias', 'a tensor', 'no such tensor in this architecture'],
    ],
  );
});

test('a config that asks for terabytes is refused by its weights before anything is allocated', (t) => {
  const path = join(temporaryFolder(t), 'model');
  saveModelFolder(path, randomModel(llama, 'language-model'));
  const config = JSON.parse(readFileSync(join(path, 'config.json'), 'utf8'));
  writeFileSync(join(path, 'config.json'), JSON.stringify({ ...config, vocab_size: 2 ** 31 - 1 }));
  assert.match(modelError(() => loadModelFolder(path, 'language-model')).message, /allowed: \[2147483647, 8\]/);
});

test('a folder without weights, or without anything, is refused', (t) => {
  const path = temporaryFolder(t);
  assert.match(modelError(() => loadModelFolder(path, 'score')).message, /config\.json .*\n.*no readable file/);
  saveModelFolder(join(path, 'm'), randomModel(llama, 'score'));
  rm(join(path, 'm', 'model.safetensors'));
  writeFileSync(join(path, 'm', 'pytorch_model.bin'), '');
  assert.match(modelError(() => loadModelFolder(join(path, 'm'), 'score')).message, /pytorch_model\.bin alone/);
  writeFileSync(join(path, 'm', 'config.json'), '{');
  assert.match(modelError(() => loadModelFolder(join(path, 'm'), 'score')).message, /malformed JSON/);
});

test('a buffer of another size is a mistake', (t) => {
  const path = join(temporaryFolder(t), 'model');
  saveModelFolder(path, randomModel(llama, 'score'));
  assert.throws(() => loadModelFolder(path, 'score', { into: new Float32Array(5) }), RangeError);
});

test('a critic starts from a language model with a new head, the same for the same seed', (t) => {
  const path = join(temporaryFolder(t), 'model');
  const model = randomModel(llama, 'language-model');
  saveModelFolder(path, model);
  assert.match(modelError(() => loadModelFolder(path, 'score')).message, /models\.critic\.initializeHead/);
  const head = (seed: number) => {
    const { layout, parameters } = loadModelFolder(path, 'score', { newHeadSeed: seed });
    return slotView(parameters, layout.slots.find(({ name }) => name === 'head')!);
  };
  assert.deepEqual(head(1), head(1));
  assert.notDeepEqual(head(1), head(2));
  assert.ok(head(1).every((weight) => weight !== 0 && Math.abs(weight) < 6 / (llama.hiddenSize + 1)));
  const trunk = loadModelFolder(path, 'score', { newHeadSeed: 1 });
  const body = ({ layout, parameters }: Pick<typeof trunk, 'layout' | 'parameters'>) =>
    layout.slots.filter(({ name }) => name !== 'head').map((slot) => [slot.name, slotView(parameters, slot)]);
  assert.deepEqual(body(trunk), body(model));
});
