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
  readonly #child: ChildProcess;
  #hasExited = false;

  constructor(launch: ContainerLaunch) {
    mkdirSync(dirname(launch.logPath), { recursive: true });
    const log = openSync(launch.logPath, 'a');
    try {
      const fromByte = fstatSync(log).size;
      const [file, ...args] = launch.command;
      this.#child = spawn(file ?? '', args, {
        cwd: launch.cwd,
        env: { ...launch.env, [EXIT_WITH_STDIN]: '1' },
        stdio: ['pipe', log, log],
        detached: true,
      });
      this.exited = this.#watch(launch, fromByte);
    } finally {
      closeSync(log);
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
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

  #watch(launch: ContainerLaunch, fromByte: number): Promise<ContainerExit> {
    return new Promise((resolve) => {
      const finish = (exitCode: number, signal: number | null, words: string): void => {
        this.#hasExited = true;
        resolve({ exitCode, signal, startedAt: this.startedAt, finishedAt: new Date(), lastWords: words });
      };
      this.#child.stdin?.on('error', () => {}); // EPIPE when the container ends first
      this.#child.once('error', (error) => {
        if (this.pid === undefined) finish(CANNOT_START, null, `cannot start ${launch.command[0]}: ${error.message}`);
      });
      this.#child.once('exit', (code, signalName) => {
        signalGroup(this.pid, 'SIGKILL'); // whatever it started and left behind
        const signal = signalName === null ? null : constants.signals[signalName];
        const exitCode = code ?? 128 + (signal ?? 0);
        finish(exitCode, signal, exitCode === 0 ? '' : readLastWords(launch.logPath, fromByte));
      });
    });
  }
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
