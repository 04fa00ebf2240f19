/**
 * The output folder: prepared so that no earlier result is lost, and the names of what lies in it. Knows no job but by its
 * manifest's text and its two folders.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

export interface OutputPaths {
  readonly directory: string;
  readonly manifest: string;
  readonly metrics: string;
  readonly summary: string;
  readonly curves: string;
  readonly logs: string;
  /** Only there while the job runs. */
  readonly metricTargets: string;
  readonly actor: string;
}

export function outputPaths(directory: string): OutputPaths {
  return {
    directory,
    manifest: join(directory, 'ppojob.yaml'),
    metrics: join(directory, 'metrics.jsonl'),
    summary: join(directory, 'summary.json'),
    curves: join(directory, 'curves.svg'),
    logs: join(directory, 'logs'),
    metricTargets: join(directory, 'metric-targets.json'),
    actor: join(directory, 'actor'),
  };
}

export interface RunFolders {
  readonly outputDirectory: string;
  readonly checkpointDirectory: string;
}

export type PreparedOutput =
  | {
      readonly ok: true;
      /** Iterations that a resumed run has behind it; 0 for a fresh one. */
      readonly fromIteration: number;
      /** What the user should know of it. */
      readonly notes: readonly string[];
    }
  | { readonly ok: false; readonly problem: string };

/** Prepares the folders and puts the manifest as it is run into the output; whatever the disk refuses is a problem. */
export function openOutput(
  folders: RunFolders,
  paths: OutputPaths,
  run: { readonly isResume: boolean; readonly manifestText: string },
): PreparedOutput {
  try {
    const prepared = prepareOutput(folders, run.isResume);
    if (prepared.ok) createOutput(paths, run.manifestText);
    return prepared;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const problem = `${paths.directory} can't hold the results (${reason}); choose another folder with --output`;
    return { ok: false, problem };
  }
}

/**
 * For a fresh run: moves an earlier run's results aside, and its checkpoints where they lie elsewhere, since a coordinator
 * would resume from them. For a resumed one: finds the checkpoint. Refuses a folder that holds anything but a run.
 */
export function prepareOutput(folders: RunFolders, isResume: boolean): PreparedOutput {
  if (isResume) return findResumption(folders);
  const full = outermostFolders(folders).filter(hasEntries);
  const strange = full.find((folder) => !looksLikeRun(folder));
  if (strange !== undefined) {
    const problem = `${strange} holds something other than a run of this program; choose another folder with --output`;
    return { ok: false, problem };
  }
  return { ok: true, fromIteration: 0, notes: full.map(moveAside) };
}

function findResumption({ checkpointDirectory }: RunFolders): PreparedOutput {
  const iteration = findCheckpoint(checkpointDirectory);
  if (iteration === null) {
    const problem = `there is no complete checkpoint in ${checkpointDirectory} to resume from; run without --resume, with spec.checkpoint.everyIterations above 0`;
    return { ok: false, problem };
  }
  return { ok: true, fromIteration: iteration, notes: [`resuming from the checkpoint of iteration ${iteration}`] };
}

/** The iteration of the newest complete checkpoint, or null. */
export function findCheckpoint(checkpointDirectory: string): number | null {
  if (!existsSync(checkpointDirectory)) return null;
  const iterations = readdirSync(checkpointDirectory)
    .filter((name) => existsSync(join(checkpointDirectory, name, 'COMPLETE')))
    .flatMap((name) => /^iteration-(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number);
  return iterations.length === 0 ? null : Math.max(...iterations);
}

/** Makes the folder and puts the manifest as it is run into it. */
export function createOutput(paths: OutputPaths, manifestText: string): void {
  makeFolder(paths.logs);
  writeFileSync(paths.manifest, manifestText);
}

/** With those that it lies in, one by one: where none can be made, as in /proc, Node's own way never ends. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder);
}

function outermostFolders({ outputDirectory, checkpointDirectory }: RunFolders): string[] {
  const isInside = !relative(outputDirectory, checkpointDirectory).startsWith('..');
  return isInside ? [outputDirectory] : [outputDirectory, checkpointDirectory];
}

function hasEntries(directory: string): boolean {
  return existsSync(directory) && readdirSync(directory).length > 0;
}

/** A run leaves its manifest, a checkpoint folder its iterations. */
function looksLikeRun(directory: string): boolean {
  return readdirSync(directory).some((name) => name === 'ppojob.yaml' || /^(\.writing-)?iteration-\d+$/.test(name));
}

/** Says what it did. */
function moveAside(from: string): string {
  for (let number = 1; ; number++) {
    const to = `${from}-${number}`;
    if (existsSync(to)) continue;
    renameSync(from, to);
    return `earlier results moved to ${to}`;
  }
}
