// What was never completed goes when the next checkpoint is written; what is others', or whole, stays.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { writeRankState } from '../../../worker/training/checkpoint-files.ts';
import { removeLeftovers } from '../../../worker/training/checkpoint-leftovers.ts';
import { makeTestFolder } from '../support/worker-process.ts';

const folder = makeTestFolder();
after(folder.remove);

function write(path: string): void {
  mkdirSync(join(folder.path, path, '..'), { recursive: true });
  writeFileSync(join(folder.path, path), '');
}

test('a rank on a disk of its own keeps no more than the checkpoint that it writes', () => {
  const flat = Float32Array.of(1, 2);
  const state = { version: 1, stepCount: 1, parameters: flat, first: flat, second: flat };
  for (const iteration of ['000002', '000004', '000006']) {
    writeRankState({ directory: join(folder.path, 'own', `.writing-iteration-${iteration}`), name: 'actor-0' }, state);
  }
  assert.deepEqual(readdirSync(join(folder.path, 'own')), ['.writing-iteration-000006']);
});

test('files of other ranks, complete checkpoints and other folders stay', () => {
  for (const path of [
    ...['.writing-iteration-000002/actor-0.json', '.writing-iteration-000002/actor-10.json'],
    ...['.writing-iteration-000004/actor-0.safetensors', 'iteration-000001/actor-0.json', '.other-000001/actor-0.json'],
    '.writing-iteration-000006/actor-0.json',
  ]) {
    write(join('shared', path));
  }
  removeLeftovers({ directory: join(folder.path, 'shared', '.writing-iteration-000006'), name: 'actor-0' });
  removeLeftovers({ directory: join(folder.path, 'shared', 'iteration-000001'), name: 'actor-0' });
  assert.deepEqual(readdirSync(join(folder.path, 'shared'), { recursive: true }).sort(), [
    ...['.other-000001', '.other-000001/actor-0.json'],
    ...['.writing-iteration-000002', '.writing-iteration-000002/actor-10.json'],
    ...['.writing-iteration-000006', '.writing-iteration-000006/actor-0.json'],
    ...['iteration-000001', 'iteration-000001/actor-0.json'],
  ]);
});
