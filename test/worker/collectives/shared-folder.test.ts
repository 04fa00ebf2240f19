/** Buffers by name: mapped once, replaced when the file is, kept while in use, and never a path out of the folder. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { SharedFolder } from '../../../worker/collectives/shared-folder.ts';
import { SharedBuffer } from '../../../worker/runtime/shared-buffer.ts';

const directory = mkdtempSync(join(tmpdir(), 'ppo-shared-folder-'));
after(() => rmSync(directory, { recursive: true }));

function withFolder(run: (folder: SharedFolder) => void): void {
  const folder = new SharedFolder(directory);
  try {
    run(folder);
  } finally {
    folder.close();
  }
}

test('a lease is the very memory that the worker maps', () => {
  const worker = SharedBuffer.create(directory, 'weights', 4096);
  withFolder((folder) => {
    const lease = folder.lease('weights')!;
    assert.equal(lease.byteLength, 4096);
    lease.slice(8, 4).set([1, 2, 3, 4]);
    assert.deepEqual([...new Uint8Array(worker.buffer, 7, 6)], [0, 1, 2, 3, 4, 0]);
    lease.release();
  });
  worker.dispose();
});

test('a file made anew under the same name is another buffer; the old one stays while leased', () => {
  SharedBuffer.create(directory, 'moments', 64).dispose();
  withFolder((folder) => {
    const old = folder.lease('moments')!;
    unlinkSync(join(directory, 'moments'));
    assert.equal(folder.lease('moments'), null);
    const renewed = SharedBuffer.create(directory, 'moments', 128);
    const lease = folder.lease('moments')!;
    assert.equal(lease.byteLength, 128);
    new Uint8Array(renewed.buffer).fill(9);
    assert.equal(lease.slice(100, 1)[0], 9);
    assert.equal(old.slice(0, 1)[0], 0);
    old.release();
    old.release();
    lease.release();
    renewed.dispose();
  });
});

test('many buffers come and go', () => {
  withFolder((folder) => {
    for (let i = 0; i < 100; i++) {
      SharedBuffer.create(directory, `buffer-${i}`, 64).dispose();
      const lease = folder.lease(`buffer-${i}`)!;
      lease.slice(0, 1)[0] = i;
      lease.release();
    }
    for (let i = 0; i < 100; i++) {
      const lease = folder.lease(`buffer-${i}`)!;
      assert.equal(lease.slice(0, 1)[0], i);
      lease.release();
    }
  });
});

test('names that are no plain file of the folder lead nowhere', () => {
  writeFileSync(join(directory, 'empty'), '');
  symlinkSync('/etc/passwd', join(directory, 'link'));
  withFolder((folder) => {
    for (const name of ['', '.', '..', '../weights', '/etc/passwd', 'a\0b', 'link', 'empty', 'missing']) {
      assert.equal(folder.lease(name), null, JSON.stringify(name));
    }
  });
});
