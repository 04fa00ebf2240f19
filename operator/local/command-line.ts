/**
 * The command line of the single-machine mode. A table of contents: arguments, manifest, output folder, run, words at the
 * end, exit code. Rules lie in the files that it names.
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import type { PPOJob } from '../api/ppojob.ts';
import { formatProblems } from '../api/problems.ts';
import { HELP, parseArguments, type RunArguments } from './arguments.ts';
import { type Display, LiveDisplay, NO_DISPLAY, PlainDisplay } from './displays.ts';
import { describePlan } from './dry-run.ts';
import { lockFolders } from './folder-lock.ts';
import { INTERRUPTED, Interrupts } from './interrupts.ts';
import { type LocalPage, startLocalPage } from './local-page.ts';
import { loadManifest } from './manifest.ts';
import { type OutputPaths, openOutput, outputPaths, type RunFolders } from './output.ts';
import { containerEnvironment, runJob } from './run-job.ts';
import { renderInterrupted, renderSummary } from './summary.ts';

const EXIT = { succeeded: 0, failed: 1, wrong: 2, interrupted: INTERRUPTED } as const;

export interface Invocation {
  /** Without the interpreter and the script. */
  readonly args: readonly string[];
  /** The program's own folder: containers run in it, the example lies in it. */
  readonly repositoryDirectory: string;
  /** Where the user is: relative paths count from here. */
  readonly currentDirectory: string;
  readonly environment: NodeJS.ProcessEnv;
}

const print = (text: string): boolean => process.stdout.write(`${text}\n`);
const printError = (text: string): boolean => process.stderr.write(`${text}\n`);

/** The exit code. Never rejects. */
export async function runCommandLine(invocation: Invocation): Promise<number> {
  // Words to a reader that has gone are no error; interrupts.ts ends the run then.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  try {
    return await dispatch(invocation);
  } catch (error) {
    printError(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return EXIT.failed;
  }
}

async function dispatch(invocation: Invocation): Promise<number> {
  const parsed = parseArguments(invocation.args);
  switch (parsed.kind) {
    case 'help':
      print(HELP);
      return EXIT.succeeded;
    case 'version':
      print(JSON.parse(readFileSync(join(invocation.repositoryDirectory, 'package.json'), 'utf8')).version);
      return EXIT.succeeded;
    case 'wrong':
      printError(`${parsed.problems.join('\n')}\n`);
      return EXIT.wrong;
    case 'run':
      return run(parsed.run, invocation);
  }
}

async function run(options: RunArguments, invocation: Invocation): Promise<number> {
  const { repositoryDirectory, currentDirectory } = invocation;
  const manifestPath = resolve(
    options.isDefaultManifest ? repositoryDirectory : currentDirectory,
    options.manifestPath,
  );
  const outputPath = options.outputPath === null ? null : resolve(currentDirectory, options.outputPath);
  const manifest = loadManifest({
    manifestPath,
    outputPath,
    defaultOutputRoot: join(currentDirectory, 'outputs'),
    overrides: options.overrides,
    environment: invocation.environment,
  });
  if (!manifest.ok) {
    printError(formatProblems(manifest.problems, options.manifestPath));
    return EXIT.wrong;
  }
  const { job } = manifest;
  const paths = outputPaths(job.spec.output.path);
  if (options.isDryRun) {
    print(describePlan(job));
    return EXIT.succeeded;
  }
  const folders = { outputDirectory: paths.directory, checkpointDirectory: job.spec.checkpoint.path };
  const locks = await lockFolders(Object.values(folders));
  if (locks.taken !== null) {
    printError(`another run is writing to ${locks.taken}; wait for its end, or choose another folder with --output`);
    return EXIT.wrong;
  }
  try {
    return await runInFolders({ options, invocation, job, paths, folders });
  } finally {
    await locks.release();
  }
}

interface CheckedRun {
  readonly options: RunArguments;
  readonly invocation: Invocation;
  readonly job: PPOJob;
  readonly paths: OutputPaths;
  readonly folders: RunFolders;
}

async function runInFolders({ options, invocation, job, paths, folders }: CheckedRun): Promise<number> {
  const prepared = openOutput(folders, paths, { isResume: options.isResume, manifestText: stringify(job) });
  if (!prepared.ok) {
    printError(prepared.problem);
    return EXIT.wrong;
  }
  for (const note of prepared.notes) print(note);
  const page = await openPage(options, paths);
  if (typeof page === 'string') {
    printError(page);
    return EXIT.wrong;
  }
  try {
    const code = await runAndSummarize({ options, invocation, job, paths, folders }, prepared.fromIteration, page);
    if (page !== null && options.page?.staysAfterEnd && code !== EXIT.interrupted) await keepPage(page, invocation);
    return code;
  } finally {
    await page?.close();
  }
}

/** Why it can't be served, as text. */
async function openPage(options: RunArguments, { metrics }: OutputPaths): Promise<LocalPage | null | string> {
  if (options.page === null) return null;
  const { port } = options.page;
  try {
    const page = await startLocalPage({ port, metricsPath: metrics });
    if (options.isQuiet) print(`page: ${page.url}`);
    return page;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `the page can't be served on port ${port}: ${why}; leave --page-port out for one that is free`;
  }
}

/** Until the user has seen enough. */
async function keepPage(page: LocalPage, { environment }: Invocation): Promise<void> {
  const interrupts = new Interrupts({ watchesParent: isUnderNpm(environment), onInsist: () => {} });
  print(`the page stays at ${page.url} until Ctrl-C`);
  await interrupts.asked;
  interrupts.close();
}

function isUnderNpm(environment: NodeJS.ProcessEnv): boolean {
  return environment['npm_lifecycle_event'] !== undefined;
}

async function runAndSummarize(
  { options, invocation, job, paths, folders }: CheckedRun,
  fromIteration: number,
  page: LocalPage | null,
): Promise<number> {
  const { repositoryDirectory, environment } = invocation;
  const result = await runJob({
    job,
    paths,
    display: chooseDisplay({ options, job }, environment, fromIteration),
    repositoryDirectory,
    environment: containerEnvironment(environment, repositoryDirectory),
    watchesParent: isUnderNpm(environment),
    page,
  });
  if (result.kind === 'interrupted') {
    print(renderInterrupted(result.reason, invocation.args, folders).join('\n'));
    return EXIT.interrupted;
  }
  print(renderSummary(result.summary, paths).join('\n'));
  if (result.problem !== null) {
    printError(result.problem);
    return EXIT.failed;
  }
  return result.summary.condition === 'Succeeded' ? EXIT.succeeded : EXIT.failed;
}

function chooseDisplay(
  { options, job }: Pick<CheckedRun, 'options' | 'job'>,
  environment: NodeJS.ProcessEnv,
  fromIteration: number,
): Display {
  if (options.isQuiet) return NO_DISPLAY;
  const isTerminal = process.stdout.isTTY && environment['TERM'] !== 'dumb';
  if (isTerminal && !options.isPlain) return new LiveDisplay(process.stdout, 'Ctrl-C stops the job');
  return new PlainDisplay(print, fromIteration, job.spec.algorithm.numIterations);
}
