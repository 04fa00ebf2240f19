// What is asked for on the command line of the tests: whole levels, or files of theirs. It runs nothing.

import { existsSync } from 'node:fs';
import { isLevel, LEVELS, type LevelNumber, levelOf } from './levels.ts';

export interface LevelRun {
  readonly level: LevelNumber;
  /** Null: all of the level's. */
  readonly files: readonly string[] | null;
}

const USAGE = `usage: node test/runner/main.ts LEVEL... [FILE...]
${Object.entries(LEVELS)
  .map(([name, { title, glob }]) => `  ${name}  ${glob}  ${title}`)
  .join('\n')}
Files in place of levels run alone.`;

/** The levels in their order; or, as text, what is wrong and how it should be. */
export function readRuns(args: readonly string[]): readonly LevelRun[] | string {
  const levels = args.filter(isLevel);
  const files = args.filter((argument) => !isLevel(argument));
  const wrong = files.filter((file) => levelOf(file) === undefined || !existsSync(file));
  if (args.length === 0 || wrong.length > 0) {
    return `${wrong.length > 0 ? `no test files: ${wrong.join(', ')}\n` : ''}${USAGE}`;
  }
  const wanted = files.length > 0 ? files.map((file) => levelOf(file)) : levels;
  return Object.keys(LEVELS)
    .filter(isLevel)
    .filter((level) => wanted.includes(level))
    .map((level) => ({ level, files: files.length > 0 ? files.filter((file) => levelOf(file) === level) : null }));
}
