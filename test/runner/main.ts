// The tests' command line: finds or makes what the levels need, says what it found, runs them, and ends with one summary. A
// table of contents.

import { pipeline } from 'node:stream/promises';
import { spec } from 'node:test/reporters';
import { WholeCluster } from '../cluster/whole/cluster.ts';
import { prepare } from './prepare.ts';
import { runLevels, Tally } from './run-levels.ts';
import { type LevelRun, readRuns } from './runs.ts';

const say = (line: string): void => console.error(line);
const runs = readRuns(process.argv.slice(2));
if (typeof runs === 'string') {
  say(runs);
  process.exitCode = 2;
} else {
  process.exitCode = (await test(runs)) ? 0 : 1;
}

/** Whether all is well. */
async function test(wanted: readonly LevelRun[]): Promise<boolean> {
  const { possible, leftOut } = await prepare(wanted, process.env, say);
  const total = new Tally();
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stopping.abort());
  const cluster = possible.some(({ level }) => level === '3') ? new WholeCluster(say) : null;
  const wasUp = cluster?.isUp ?? false;
  try {
    const events = runLevels(possible, { total, leftOut: leftOut.lines, signal: stopping.signal });
    await pipeline(events, new spec(), process.stdout, { end: false });
  } finally {
    // What a test that was ended by force has left.
    if (!wasUp) await cluster?.down();
  }
  return total.isGood && !leftOut.isFailure;
}
