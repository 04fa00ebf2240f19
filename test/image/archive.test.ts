// Archives of images: equal contents make equal bytes, and what was written is read back.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { architectureOf, writeImageArchive } from '../../image/archive.ts';
import { inspectArchive } from '../../image/inspect.ts';

describe('an image archive', { skip: process.platform === 'linux' ? false : 'it needs GNU tar' }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'ppo-archive-test-'));
  const file = join(directory, 'secretive');
  const write = async (name: string): Promise<string> => {
    const layers = [
      { files: new Map([['/a/b', file]]), texts: { '/c': 'text' } },
      { files: new Map(), texts: { '/c': 'newer' }, folders: { '/tmp': 0o1777 } },
    ];
    const path = join(directory, name);
    await writeImageArchive({ name: 'localhost/test:1', layers, config: { User: '7:7' } }, path);
    return path;
  };
  after(() => rmSync(directory, { recursive: true, force: true }));

  it('is the same again from the same contents, whatever their times and modes', async () => {
    writeFileSync(file, 'text', { mode: 0o600 });
    const one = await write('one.tar');
    utimesSync(file, 1, 1);
    chmodSync(file, 0o640);
    const two = await write('two.tar');
    assert.ok(readFileSync(one).equals(readFileSync(two)));
    const names = execFileSync('tar', ['-tf', one]).toString();
    assert.match(names, /^manifest\.json$/m, 'as readers of archives look for it');
  });

  it('is read back: names, configuration, entries of the last layer that has them', async () => {
    writeFileSync(file, 'text', { mode: 0o755 });
    chmodSync(file, 0o700);
    await inspectArchive(await write('three.tar'), async (image) => {
      assert.deepEqual(image.tags, ['localhost/test:1']);
      assert.equal(image.architecture, architectureOf(process.arch));
      assert.deepEqual(image.config, { User: '7:7' });
      assert.ok(image.sizeBytes > 0);
      const look = (path: string): string => `${image.entries.get(path)?.mode} ${image.entries.get(path)?.owner}`;
      assert.equal(look('/a'), 'drwxr-xr-x 0/0');
      assert.equal(look('/a/b'), '-rwxr-xr-x 0/0');
      assert.equal(look('/c'), '-rw-r--r-- 0/0');
      assert.equal(look('/tmp'), 'drwxrwxrwt 0/0');
      assert.equal(await image.read('/a/b'), 'text');
      assert.equal(await image.read('/c'), 'newer');
      assert.equal(await image.read('/d'), null);
    });
  });
});
