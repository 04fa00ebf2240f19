// Processes that outlive the command that starts them, recorded in a file so that another command finds and ends exactly
// them: by process id and start time, since ids are used again. It knows no program's meaning.

import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Program } from '../processes.ts';

export interface Daemon {
  readonly name: string;
  readonly pid: number;
  /** In clock ticks since the machine's start: field 22 of /proc/<pid>/stat. */
  readonly startTicks: string;
}

const START_TIME_FIELD = 22;
const POLL_MS = 50;

export class Daemons {
  readonly #path: string;
  readonly #logs: string;

  /** The record at `path`; logs in the folder `logs`. */
  constructor(path: string, logs: string) {
    this.#path = path;
    this.#logs = logs;
  }

  /** Those that were started and not ended, in the order of their start. */
  recorded(): readonly Daemon[] {
    return existsSync(this.#path) ? (JSON.parse(readFileSync(this.#path, 'utf8')) as readonly Daemon[]) : [];
  }

  running(): readonly Daemon[] {
    return this.recorded().filter(isRunning);
  }

  start(program: Program): void {
    const log = openSync(this.logOf(program.name), 'a');
    const child = spawn(program.path, program.args, {
      ...{ cwd: this.#logs, detached: true },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    child.unref();
    const startTicks = child.pid === undefined ? null : startTicksOf(child.pid);
    if (child.pid === undefined || startTicks === null) throw new Error(`${program.path} didn't start`);
    this.#record([...this.recorded(), { name: program.name, pid: child.pid, startTicks }]);
  }

  logOf(name: string): string {
    return join(this.#logs, `${name}.log`);
  }

  /** Ends one after the other, the last started first: SIGTERM, and SIGKILL after `graceMs`. */
  async stop(graceMs: number, names: (name: string) => boolean = () => true): Promise<void> {
    for (const daemon of this.recorded().toReversed()) {
      if (!names(daemon.name)) continue;
      await end(daemon, graceMs);
      this.#record(this.recorded().filter(({ pid }) => pid !== daemon.pid));
    }
  }

  #record(daemons: readonly Daemon[]): void {
    writeFileSync(`${this.#path}.new`, `${JSON.stringify(daemons, null, 2)}\n`);
    renameSync(`${this.#path}.new`, this.#path);
  }
}

/** Ends a process; one that has ended already, or whose id is another's by now, is left alone. */
export async function end(daemon: Daemon, graceMs: number): Promise<void> {
  if (!isRunning(daemon)) return;
  signal(daemon.pid, 'SIGTERM');
  const endMs = Date.now() + graceMs;
  while (isRunning(daemon)) {
    if (Date.now() > endMs) signal(daemon.pid, 'SIGKILL');
    await delay(POLL_MS);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It may have ended since it was looked at.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

export function daemonOf(name: string, pid: number): Daemon | null {
  const startTicks = startTicksOf(pid);
  return startTicks === null ? null : { name, pid, startTicks };
}

function isRunning({ pid, startTicks }: Daemon): boolean {
  return startTicksOf(pid) === startTicks;
}

/** Null for a process that has ended, or has only not been waited for. */
function startTicksOf(pid: number): string | null {
  try {
    // The second field, the program's name in brackets, may hold spaces.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return fields[0] === 'Z' ? null : (fields[START_TIME_FIELD - 3] ?? null);
  } catch {
    return null; // it has ended
  }
}
