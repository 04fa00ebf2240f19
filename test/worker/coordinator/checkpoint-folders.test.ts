/** Folders that are complete or nothing. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { CheckpointFolders } from '../../../worker/coordinator/checkpoint-folders.ts';

describe('CheckpointFolders', () => {
  let directory = '';
  beforeEach(() => {
    directory = join(mkdtempSync(join(tmpdir(), 'ppo-checkpoints-')), 'deep', 'er');
  });
  afterEach(() => rmSync(join(directory, '..', '..'), { recursive: true, force: true }));

  it('lists nothing before the first', () => assert.deepEqual(new CheckpointFolders(directory, 2).list(), []));

  it('lists complete checkpoints newest first, with what was written into them', () => {
    const folders = new CheckpointFolders(directory, 5);
    for (const iteration of [2, 10]) {
      writeFileSync(join(folders.begin(iteration), 'actor-0'), 'weights');
      folders.commit(iteration, `state ${iteration}`);
    }
    const list = folders.list();
    assert.deepEqual(
      list.map(({ iteration }) => iteration),
      [10, 2],
    );
    assert.equal(folders.readState(list[0]!), 'state 10');
    assert.deepEqual(readdirSync(list[1]!.path).sort(), ['COMPLETE', 'actor-0', 'coordinator.json']);
  });

  it('leaves no trace of one that was begun and not completed', () => {
    const folders = new CheckpointFolders(directory, 5);
    const begun = folders.begin(3);
    writeFileSync(join(begun, 'actor-0'), 'half');
    assert.deepEqual(folders.list(), []);
    folders.begin(4);
    folders.commit(4, 'state');
    assert.ok(!existsSync(begun));
    assert.deepEqual(readdirSync(directory), ['iteration-000004']);
  });

  it('starts anew in a folder begun before', () => {
    const folders = new CheckpointFolders(directory, 5);
    writeFileSync(join(folders.begin(3), 'stale'), '');
    folders.begin(3);
    assert.deepEqual(readdirSync(folders.commit(3, 'state').path).sort(), ['COMPLETE', 'coordinator.json']);
  });

  it('does not list a folder without COMPLETE, or of another name', () => {
    const folders = new CheckpointFolders(directory, 5);
    folders.begin(1);
    const { path } = folders.commit(1, 'state');
    rmSync(join(path, 'COMPLETE'));
    folders.begin(2);
    folders.commit(2, 'state');
    writeFileSync(join(directory, 'iteration-000009'), '');
    assert.deepEqual(
      folders.list().map(({ iteration }) => iteration),
      [2],
    );
  });

  it('keeps the newest only, and replaces one of the same iteration', () => {
    const folders = new CheckpointFolders(directory, 2);
    for (const iteration of [1, 2, 3, 3]) {
      folders.begin(iteration);
      folders.commit(iteration, `state ${iteration}`);
    }
    assert.deepEqual(readdirSync(directory).sort(), ['iteration-000002', 'iteration-000003']);
  });
});
