// The programs of a test cluster as processes of this machine: started with a log each, stopped in the opposite order,
// and found again and ended when the process that started them died without stopping them. It knows no program's meaning.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const STOP_GRACE_MS = 10_000;
const LOG_TAIL_CHARACTERS = 2000;

export interface Program {
  /** Of its log file. */
  readonly name: string;
  readonly path: string;
  readonly args: readonly string[];
}

export class RunningProgram {
  readonly program: Program;
  readonly #child: ChildProcess;
  readonly #log: string;
  /** Resolves when the process has ended, however it did. */
  readonly ended: Promise<void>;

  constructor(program: Program, directory: string) {
    this.program = program;
    this.#log = join(directory, `${program.name}.log`);
    const log = openSync(this.#log, 'a');
    this.#child = spawn(program.path, program.args, { cwd: directory, stdio: ['ignore', log, log] });
    closeSync(log);
    this.ended = new Promise((resolve) => {
      this.#child.once('error', () => resolve());
      this.#child.once('exit', () => resolve());
    });
  }

  get isRunning(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get pid(): number | null {
    return this.#child.pid ?? null;
  }

  /** For messages: what it said last. */
  get lastWords(): string {
    const text = existsSync(this.#log) ? readFileSync(this.#log, 'utf8') : '';
    return `${this.program.name}: ${text.slice(-LOG_TAIL_CHARACTERS)}`;
  }

  /** SIGTERM, then SIGKILL for one that doesn't end in time. */
  async stop(): Promise<void> {
    if (!this.isRunning) return;
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.kill(), STOP_GRACE_MS);
    await this.ended;
    clearTimeout(timer);
  }

  /** SIGKILL; resolves when it has ended. */
  async end(): Promise<void> {
    this.kill();
    await this.ended;
  }

  kill(): void {
    if (this.isRunning) this.#child.kill('SIGKILL');
  }
}

/** Ends what dead processes left: programs whose command line names one of their folders, and the folders. */
export function removeStale(prefix: string, root: string = tmpdir()): void {
  for (const name of readdirSync(root)) {
    const pid = Number(new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1]);
    if (!Number.isInteger(pid) || isAlive(pid)) continue;
    const directory = join(root, name);
    for (const orphan of findProcesses(directory)) process.kill(orphan, 'SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Processes of this machine whose command line names `directory`. */
function findProcesses(directory: string): number[] {
  if (!existsSync('/proc')) return [];
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${directory}/`);
    } catch {
      return false; // it has ended meanwhile
    }
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
