// Lets one process of this machine at a time fetch or build binaries into a cache folder: two Kubernetes builds at once fit
// into few machines' memory. Says whom it waits for. It knows nothing of what is built.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { lockFolders } from '../../operator/local/folder-lock.ts';

/** Longer than a build of everything takes on a slow machine. */
const DEADLINE_MS = 3_600_000;
const LOOK_INTERVAL_MS = 200;
const SAY_INTERVAL_MS = 10_000;

export interface LockTimes {
  readonly deadlineMs?: number;
  readonly sayIntervalMs?: number;
}

/** Runs `body` when no other process runs one for `directory`. Throws when that isn't so within the deadline. */
export async function withBuildLock(
  directory: string,
  say: (line: string) => void,
  body: () => Promise<void>,
  { deadlineMs = DEADLINE_MS, sayIntervalMs = SAY_INTERVAL_MS }: LockTimes = {},
): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const note = join(directory, 'builder');
  const startMs = Date.now();
  let saidMs = Number.NEGATIVE_INFINITY;
  for (;;) {
    const { release } = await lockFolders([directory]);
    if (release !== null) {
      writeFileSync(note, `process ${process.pid}`);
      try {
        return await body();
      } finally {
        rmSync(note, { force: true });
        await release();
      }
    }
    const waitedMs = Date.now() - startMs;
    const who = `${holder(note)}, which fetches or builds binaries into ${directory}`;
    if (waitedMs >= deadlineMs) throw new Error(`gave up after ${Math.round(waitedMs / 1000)} s of waiting for ${who}`);
    if (Date.now() - saidMs >= sayIntervalMs) {
      say(`waiting for ${who} (${Math.round(waitedMs / 1000)} s)`);
      saidMs = Date.now();
    }
    await delay(LOOK_INTERVAL_MS);
  }
}

function holder(note: string): string {
  try {
    return readFileSync(note, 'utf8');
  } catch {
    return 'another process'; // it has the lock, and hasn't said so yet
  }
}
