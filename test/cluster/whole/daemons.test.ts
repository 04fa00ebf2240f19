// Processes that outlive their starter: found again from the record, ended by it, and never mistaken for others.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Daemons, daemonOf, end } from './daemons.ts';

const GRACE_MS = 2000;

describe('daemons', { skip: process.platform === 'linux' ? false : 'they are known by /proc' }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'ppo-daemons-'));
  const open = (): Daemons => new Daemons(join(directory, 'state.json'), directory);
  const script = (name: string, text: string) => ({ name, path: '/bin/sh', args: ['-c', text] });
  after(async () => {
    await open().stop(GRACE_MS);
    rmSync(directory, { recursive: true, force: true });
  });

  it('are found and ended by another who reads the record, the last first', async () => {
    open().start(script('one', 'echo started; exec sleep 60'));
    open().start(script('two', 'exec sleep 60'));
    const names = (daemons: readonly { name: string }[]): string[] => daemons.map(({ name }) => name);
    assert.deepEqual(names(open().running()), ['one', 'two']);
    await open().stop(GRACE_MS, (name) => name === 'two');
    assert.deepEqual(names(open().recorded()), ['one']);
    assert.deepEqual(names(open().running()), ['one']);
    await open().stop(GRACE_MS);
    assert.deepEqual(open().recorded(), []);
    assert.equal(readFileSync(open().logOf('one'), 'utf8'), 'started\n');
  });

  it('are killed when they ignore being asked', async () => {
    const trapped = join(directory, 'trapped');
    open().start(script('stubborn', `trap "" TERM; touch ${trapped}; while :; do sleep 0.05; done`));
    while (!existsSync(trapped)) await new Promise((resolve) => setTimeout(resolve, 10));
    await open().stop(100);
    assert.deepEqual(open().running(), []);
  });

  it('leave alone a process that only has the id of one that ended', async () => {
    const self = daemonOf('self', process.pid);
    assert.ok(self !== null);
    const earlier = { ...self, startTicks: `${Number(self.startTicks) - 1}` };
    writeFileSync(join(directory, 'state.json'), JSON.stringify([earlier]));
    assert.deepEqual(open().running(), []);
    await end(earlier, 0);
    await open().stop(0);
  });
});
