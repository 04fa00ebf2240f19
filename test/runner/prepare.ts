// What levels need of this machine is found or made before any test runs, and said. A level that can't run is left out
// loudly; in CI, and where nothing else was asked for, that is a failure. It runs no tests.

import { ensureBinaries } from '../cluster/binaries.ts';
import type { BinaryName } from '../cluster/versions.ts';
import { LEVELS } from './levels.ts';
import type { LevelRun } from './runs.ts';

export interface Prepared {
  readonly possible: readonly LevelRun[];
  readonly leftOut: {
    /** One for each level. */
    readonly lines: readonly string[];
    readonly isFailure: boolean;
  };
}

type Say = (line: string) => void;

export async function prepare(runs: readonly LevelRun[], environment: NodeJS.ProcessEnv, say: Say): Promise<Prepared> {
  const make = makerOf(environment, say);
  const possible: LevelRun[] = [];
  const lines: string[] = [];
  for (const run of runs) {
    const { binaries, title } = LEVELS[run.level];
    const problem = await make(binaries);
    if (problem === null) possible.push(run);
    else lines.push(`LEVEL ${run.level} (${title}) IS LEFT OUT: ${problem}`);
  }
  const useful = new Set(runs.flatMap(({ level, files }) => (files === null ? LEVELS[level].usefulBinaries : [])));
  const problem = await make([...useful]);
  if (problem !== null) say(`Tests that need it are left out: ${problem}`);
  for (const line of lines) say(line);
  const isFailure = lines.length > 0 && (isCi(environment) || possible.length === 0);
  return { possible, leftOut: { lines, isFailure } };
}

/** Makes binaries, once each, and says where they are. Answers with what is wrong, or null. */
function makerOf(environment: NodeJS.ProcessEnv, say: Say): (names: readonly BinaryName[]) => Promise<string | null> {
  const made = new Set<BinaryName>();
  return async (names) => {
    const missing = names.filter((name) => !made.has(name));
    try {
      const paths = await ensureBinaries(missing, { environment, say });
      for (const name of missing) {
        say(`${name}: ${paths[name]}`);
        made.add(name);
      }
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
}

function isCi({ CI = '' }: NodeJS.ProcessEnv): boolean {
  return !['', '0', 'false'].includes(CI);
}
