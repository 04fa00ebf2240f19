/**
 * One container as a local process: its own process group (so that nothing it starts outlives it), output appended to a
 * log file, and a pipe as standard input that closes when this process dies, however it dies; a container that watches
 * it (PPO_EXIT_WITH_STDIN) then ends too. Knows nothing of pods, probes or restarts.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { readLastWords } from './last-words.ts';

/** Tells a container that the end of its standard input is the end of its kubelet. */
export const EXIT_WITH_STDIN = 'PPO_EXIT_WITH_STDIN';
/** What the shell reports for a command that can't be started. */
const CANNOT_START = 127;

export interface ContainerLaunch {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly logPath: string;
}

export interface ContainerExit {
  /** 128 + the signal's number when a signal ended it. */
  readonly exitCode: number;
  readonly signal: number | null;
  readonly startedAt: Date;
  readonly finishedAt: Date;
  /** The end of its log; empty after a clean exit. */
  readonly lastWords: string;
}

export class ContainerProcess {
  readonly startedAt = new Date();
  /** Resolves once, never rejects. */
  readonly exited: Promise<ContainerExit>;
  /** Null where it could not even be tried: no log can be written, or the command is none. */
  readonly #child: ChildProcess | null = null;
  #hasExited = false;

  constructor(launch: ContainerLaunch) {
    try {
      const { child, fromByte } = startProcess(launch);
      this.#child = child;
      this.exited = this.#watch(child, launch, fromByte);
    } catch (error) {
      this.#hasExited = true;
      this.exited = Promise.resolve(this.#exit(CANNOT_START, null, cannotStart(launch, error)));
    }
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get hasExited(): boolean {
    return this.#hasExited;
  }

  /** SIGTERM to its process group, SIGKILL after the grace; resolves when it has ended. */
  async stop(graceMs: number): Promise<ContainerExit> {
    if (this.#hasExited) return this.exited;
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), graceMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends a signal to the whole process group; no effect after its end. */
  signal(signal: NodeJS.Signals): void {
    if (!this.#hasExited) signalGroup(this.pid, signal);
  }

  #exit(exitCode: number, signal: number | null, lastWords: string): ContainerExit {
    return { exitCode, signal, startedAt: this.startedAt, finishedAt: new Date(), lastWords };
  }

  #watch(child: ChildProcess, launch: ContainerLaunch, fromByte: number): Promise<ContainerExit> {
    return new Promise((resolve) => {
      const finish = (exitCode: number, signal: number | null, words: string): void => {
        this.#hasExited = true;
        resolve(this.#exit(exitCode, signal, words));
      };
      child.stdin?.on('error', () => {}); // EPIPE when the container ends first
      child.once('error', (error) => {
        if (this.pid === undefined) finish(CANNOT_START, null, cannotStart(launch, error));
      });
      child.once('exit', (code, signalName) => {
        signalGroup(this.pid, 'SIGKILL'); // whatever it started and left behind
        const signal = signalName === null ? null : constants.signals[signalName];
        const exitCode = code ?? 128 + (signal ?? 0);
        finish(exitCode, signal, exitCode === 0 ? '' : readLastWords(launch.logPath, fromByte));
      });
    });
  }
}

/** `fromByte`: where its part of the log begins. */
function startProcess({ command, cwd, env, logPath }: ContainerLaunch): { child: ChildProcess; fromByte: number } {
  mkdirSync(dirname(logPath), { recursive: true });
  const log = openSync(logPath, 'a');
  try {
    const fromByte = fstatSync(log).size;
    const [file = '', ...args] = command;
    const environment = { ...env, [EXIT_WITH_STDIN]: '1' };
    const child = spawn(file, args, { cwd, env: environment, stdio: ['pipe', log, log], detached: true });
    return { child, fromByte };
  } finally {
    closeSync(log);
  }
}

function cannotStart({ command }: ContainerLaunch, error: unknown): string {
  return `cannot start ${command[0]}: ${error instanceof Error ? error.message : error}`;
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // ESRCH: the group is gone, which is what the caller wants; anything else is a fault of ours.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
