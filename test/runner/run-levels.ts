// Runs levels of tests one after the other as one run of Node's test runner: one report, each level's counts, and the sum of
// them at the end. It knows nothing of what the levels need.

import { join } from 'node:path';
import { run } from 'node:test';
import { LEVELS } from './levels.ts';
import type { LevelRun } from './runs.ts';

/** An event of Node's test runner; what isn't read here is passed on as it is. */
interface TestEvent {
  readonly type: string;
  readonly data: {
    readonly nesting?: number;
    readonly message?: string;
    readonly file?: string | undefined;
    readonly success?: boolean;
  };
}

/** In the order in which Node's test runner tells them. */
const COUNTS = ['tests', 'suites', 'pass', 'fail', 'cancelled', 'skipped', 'todo', 'duration_ms'];
/** What Node has compiled once needn't be compiled again by the next of the many processes that a run starts. */
const COMPILE_CACHE = join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'compiled');

/** The counts of a run, and whether nothing failed. */
export class Tally {
  readonly counts = new Map<string, number>();
  isGood = true;

  add(name: string, count: number): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + count);
  }

  get lines(): string[] {
    return COUNTS.map((name) => `${name} ${this.counts.get(name) ?? 0}`);
  }
}

export interface RunOptions {
  /** Where counts go. */
  readonly total: Tally;
  /** Said before the summary, a line each. */
  readonly leftOut: readonly string[];
  readonly signal: AbortSignal;
}

/** The events of all runs and of their summary, for a reporter. */
export async function* runLevels(
  runs: readonly LevelRun[],
  { total, leftOut, signal }: RunOptions,
): AsyncGenerator<object, void> {
  const summaries: string[] = [];
  for (const run of runs) {
    const tally = new Tally();
    yield* runLevel(run, tally, signal);
    if (!tally.isGood || tally.counts.get('tests') === 0) total.isGood = false;
    for (const [name, count] of tally.counts) total.add(name, count);
    summaries.push(`level ${run.level}: ${tally.lines.join(', ')}`);
    if (run !== runs.at(-1)) yield diagnostic(summaries.at(-1) ?? '');
  }
  for (const line of leftOut) yield diagnostic(line, 'error');
  for (const line of [...(runs.length > 1 ? summaries : []), ...total.lines]) yield diagnostic(line);
}

async function* runLevel({ level, files }: LevelRun, tally: Tally, signal: AbortSignal): AsyncGenerator<object, void> {
  const { glob, concurrency, timeoutMs } = LEVELS[level];
  const env = { NODE_COMPILE_CACHE: COMPILE_CACHE, ...process.env };
  const which = files === null ? { globPatterns: [glob] } : { files };
  const events = run({ ...which, concurrency, timeout: timeoutMs, signal, env }) as AsyncIterable<TestEvent>;
  for await (const event of events) {
    const count = countIn(event);
    if (count !== null) tally.add(...count);
    else if (event.type === 'test:summary' && event.data.file === undefined) tally.isGood = event.data.success === true;
    else yield event;
  }
}

/** The count that an event tells of a whole run, which this module tells itself. */
function countIn({ type, data: { nesting, message = '' } }: TestEvent): [string, number] | null {
  if (type !== 'test:diagnostic' || nesting !== 0) return null;
  const [name = '', count, ...rest] = message.split(' ');
  return COUNTS.includes(name) && rest.length === 0 && Number.isFinite(Number(count)) ? [name, Number(count)] : null;
}

function diagnostic(message: string, level: 'info' | 'error' = 'info'): object {
  return { type: 'test:diagnostic', data: { nesting: 0, message, level } };
}
