/** Which file holds which tensor. Shards and their refusals: folder.test.ts. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeSafetensors } from '../../../worker/models/safetensors.ts';
import { openWeightFiles, readJsonFile } from '../../../worker/models/weight-files.ts';
import { modelError, temporaryFolder } from './fixtures.ts';

test('one file is preferred to an index', (t) => {
  const folder = temporaryFolder(t);
  writeSafetensors(join(folder, 'model.safetensors'), [{ name: 'a', shape: [1], data: Float32Array.of(1) }]);
  writeFileSync(join(folder, 'model.safetensors.index.json'), 'nonsense');
  const [file, ...others] = openWeightFiles(folder);
  assert.deepEqual([...file!.tensors.keys()], ['a']);
  assert.equal(others.length, 0);
});

test('a folder without weights is refused with what to do', (t) => {
  const error = modelError(() => openWeightFiles(temporaryFolder(t)));
  assert.match(error.message, /found neither; allowed: model\.safetensors or .*safe_serialization=True/);
});

test('JSON files that are missing or malformed say which', (t) => {
  const folder = temporaryFolder(t);
  assert.match(modelError(() => readJsonFile(join(folder, 'a.json'), 'config')).message, /no readable file/);
  writeFileSync(join(folder, 'a.json'), '{');
  const error = modelError(() => readJsonFile(join(folder, 'a.json'), 'tokenizer'));
  assert.equal(error.code, 'tokenizer');
  assert.match(error.message, /malformed JSON/);
});
