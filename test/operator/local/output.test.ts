/** The output folder: nothing is lost, nothing strange is touched, checkpoints are found. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import {
  createOutput,
  findCheckpoint,
  openOutput,
  outputPaths,
  prepareOutput,
} from '../../../operator/local/output.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ppo-output-test-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const folders = () => ({ outputDirectory: join(root, 'out'), checkpointDirectory: join(root, 'out', 'checkpoints') });

function addCheckpoint(iteration: string, isComplete: boolean, directory = folders().checkpointDirectory): void {
  mkdirSync(join(directory, `iteration-${iteration}`), { recursive: true });
  if (isComplete) writeFileSync(join(directory, `iteration-${iteration}`, 'COMPLETE'), '');
}

test('a fresh run in a new folder moves nothing', () => {
  assert.deepEqual(prepareOutput(folders(), false), { ok: true, fromIteration: 0, notes: [] });
});

test('each run moves the one before aside to the next free number', () => {
  for (let i = 0; i < 3; i++) {
    assert.ok(prepareOutput(folders(), false).ok);
    createOutput(outputPaths(folders().outputDirectory), `run: ${i}\n`);
  }
  assert.deepEqual(readdirSync(root).sort(), ['out', 'out-1', 'out-2']);
});

test('checkpoints outside the output folder are moved aside as well', () => {
  const checkpointDirectory = join(root, 'checkpoints');
  addCheckpoint('000010', true, checkpointDirectory);
  const prepared = prepareOutput({ ...folders(), checkpointDirectory }, false);
  assert.ok(prepared.ok && prepared.notes.length === 1);
  assert.ok(existsSync(join(root, 'checkpoints-1', 'iteration-000010')));
});

test('a folder that holds something else is refused and left alone', () => {
  mkdirSync(join(root, 'out'));
  writeFileSync(join(root, 'out', 'thesis.tex'), '');
  const prepared = prepareOutput(folders(), false);
  assert.ok(!prepared.ok && prepared.problem.includes('something other'));
  assert.ok(existsSync(join(root, 'out', 'thesis.tex')));
});

test('resuming needs a complete checkpoint and starts at the newest', () => {
  addCheckpoint('000005', false);
  assert.equal(findCheckpoint(folders().checkpointDirectory), null);
  assert.equal(prepareOutput(folders(), true).ok, false);
  addCheckpoint('000010', true);
  addCheckpoint('000009', true);
  const prepared = prepareOutput(folders(), true);
  assert.ok(prepared.ok && prepared.fromIteration === 10);
});

test('a folder that cannot be made is a problem with its reason', () => {
  writeFileSync(join(root, 'file'), '');
  const inProc = process.platform === 'linux' ? ['/proc/ppo/out'] : [];
  for (const outputDirectory of [join(root, 'file'), join(root, 'file', 'out'), ...inProc]) {
    const checkpointDirectory = join(outputDirectory, 'checkpoints');
    const run = { isResume: false, manifestText: '' };
    const opened = openOutput({ outputDirectory, checkpointDirectory }, outputPaths(outputDirectory), run);
    assert.ok(!opened.ok);
    assert.match(opened.problem, /can't hold the results \(EN[A-Z]+:.*\); choose another folder with --output/);
  }
});
