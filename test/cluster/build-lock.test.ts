// One build at a time, who waits is told for whom, and nobody waits for ever.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, it } from 'node:test';
import { withBuildLock } from './build-lock.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ppo-build-lock-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const silent = (): void => {};

/** Holds the lock until told to let it go. */
async function hold(): Promise<() => Promise<void>> {
  const held = Promise.withResolvers<void>();
  const mayEnd = Promise.withResolvers<void>();
  const body = (): Promise<void> => {
    held.resolve();
    return mayEnd.promise;
  };
  const end = withBuildLock(directory, silent, body);
  await held.promise;
  return () => {
    mayEnd.resolve();
    return end;
  };
}

it('runs one body at a time, and says for whom the other waits', async () => {
  const letGo = await hold();
  const order: string[] = [];
  const said = Promise.withResolvers<string>();
  const second = withBuildLock(directory, said.resolve, async () => {
    order.push('second');
  });
  assert.match(
    await said.promise,
    new RegExp(`^waiting for process ${process.pid}, which .* into ${directory} \\(0 s\\)$`),
  );
  order.push('first');
  await letGo();
  await second;
  assert.deepEqual(order, ['first', 'second']);
});

it('gives up when its time is over, with the name of the one it waited for', async () => {
  const letGo = await hold();
  const waiting = withBuildLock(directory, silent, async () => assert.fail('has the lock'), { deadlineMs: 1 });
  await assert.rejects(waiting, new RegExp(`gave up after 0 s of waiting for process ${process.pid}`));
  await letGo();
});

it('is free again after a body that failed', async () => {
  const failing = withBuildLock(directory, silent, () => Promise.reject(new Error('no Go')));
  await assert.rejects(failing, /^Error: no Go$/);
  assert.ok(!existsSync(join(directory, 'builder')));
  await withBuildLock(directory, silent, async () => {});
});
