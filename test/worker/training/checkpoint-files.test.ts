// A rank's files: what is read is what was written, and what is damaged is never taken for whole.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import {
  CheckpointError,
  checksumOf,
  readRankState,
  writeRankState,
} from '../../../worker/training/checkpoint-files.ts';
import { makeTestFolder } from '../support/worker-process.ts';

const folder = makeTestFolder();
after(folder.remove);
const place = { directory: join(folder.path, 'iteration-000004'), name: 'actor-0' };
const weightsPath = join(place.directory, 'actor-0.safetensors');
const manifestPath = join(place.directory, 'actor-0.json');
const state = {
  version: 4,
  stepCount: 32,
  parameters: Float32Array.of(1, -2, 3.5, 0),
  first: Float32Array.of(1e-9, 2, 3, -0),
  second: Float32Array.of(1e-38, 5, 6, 7),
};
const buffers = (length = 4) => ({
  parameters: new Float32Array(length).fill(9),
  first: new Float32Array(length).fill(9),
  second: new Float32Array(length).fill(9),
});

beforeEach(() => {
  rmSync(place.directory, { recursive: true, force: true });
  writeRankState(place, state);
});

const fails = (code: CheckpointError['code'], message: RegExp) => (error: unknown) => {
  assert.ok(error instanceof CheckpointError, String(error));
  assert.equal(error.code, code);
  assert.match(error.message, message);
  return true;
};

test('what was written is read back bit by bit, and nothing temporary stays', () => {
  const into = buffers();
  const { version, stepCount, bytes } = readRankState(place, into);
  assert.deepEqual([version, stepCount], [4, 32]);
  assert.ok(bytes > 48);
  for (const name of ['parameters', 'first', 'second'] as const) {
    assert.equal(checksumOf(into[name]), checksumOf(state[name]), name);
  }
  assert.deepEqual(readdirSync(place.directory).sort(), ['actor-0.json', 'actor-0.safetensors']);
});

test('writing again replaces what was there', () => {
  writeRankState(place, { ...state, version: 5, parameters: Float32Array.of(4, 3, 2, 1) });
  const into = buffers();
  assert.equal(readRankState(place, into).version, 5);
  assert.deepEqual([...into.parameters], [4, 3, 2, 1]);
});

test('missing files are NOT_FOUND: without the manifest the weights are not complete', () => {
  rmSync(manifestPath);
  assert.throws(() => readRankState(place, buffers()), fails('NOT_FOUND', /actor-0\.json is missing/));
  writeRankState(place, state);
  rmSync(weightsPath);
  assert.throws(() => readRankState(place, buffers()), fails('NOT_FOUND', /actor-0\.safetensors is missing/));
  assert.ok(!existsSync(weightsPath));
});

test('a flipped bit, a short file and a torn manifest are DATA_LOSS', () => {
  const bytes = readFileSync(weightsPath);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(weightsPath, bytes);
  assert.throws(() => readRankState(place, buffers()), fails('DATA_LOSS', /second differ from what was saved/));
  truncateSync(weightsPath, bytes.length - 4);
  assert.throws(() => readRankState(place, buffers()), fails('DATA_LOSS', /can't be read/));
  truncateSync(manifestPath, 20);
  assert.throws(() => readRankState(place, buffers()), fails('DATA_LOSS', /no manifest/));
});

test('the checkpoint of another model is refused as such', () => {
  assert.throws(
    () => readRankState(place, buffers(8)),
    fails('FAILED_PRECONDITION', /found a model of 4 elements, expected 8: it is a checkpoint of another model/),
  );
});
