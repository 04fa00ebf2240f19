// The levels of tests: which files each has, how many at a time, and what must be on the machine for it. Plain values.

import { type BinaryName, CONTROL_PLANE, HELM, NODE } from '../cluster/versions.ts';

export type LevelNumber = '1' | '2' | '3';

export interface Level {
  readonly title: string;
  /** Of its files' names. */
  readonly ending: string;
  readonly glob: string;
  /** Files at a time. */
  readonly concurrency: number;
  /** Of a file, and of a test in it. */
  readonly timeoutMs: number;
  /** It can't run without them. */
  readonly binaries: readonly BinaryName[];
  /** Some of its tests need them, and leave themselves out where they aren't there. */
  readonly usefulBinaries: readonly BinaryName[];
}

export const LEVELS: Readonly<Record<LevelNumber, Level>> = {
  1: {
    title: 'in memory, and processes of this machine',
    ...{ ending: '.test.ts', glob: 'test/**/*.test.ts', concurrency: 2, timeoutMs: 300_000 },
    ...{ binaries: [], usefulBinaries: HELM },
  },
  2: {
    title: 'a real control plane, processes as nodes',
    ...{ ending: '.cluster.ts', glob: 'test/**/*.cluster.ts', concurrency: 1, timeoutMs: 900_000 },
    ...{ binaries: CONTROL_PLANE, usefulBinaries: HELM },
  },
  3: {
    title: 'a whole cluster with containers',
    ...{ ending: '.e2e.ts', glob: 'test/**/*.e2e.ts', concurrency: 1, timeoutMs: 1_800_000 },
    ...{ binaries: [...CONTROL_PLANE, ...NODE], usefulBinaries: HELM },
  },
};

export function isLevel(name: string): name is LevelNumber {
  return Object.hasOwn(LEVELS, name);
}

/** The level that a test file belongs to by its name. */
export function levelOf(file: string): LevelNumber | undefined {
  return Object.keys(LEVELS)
    .filter(isLevel)
    .find((name) => file.endsWith(LEVELS[name].ending));
}
