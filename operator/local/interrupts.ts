/**
 * The user's wish to stop: SIGINT (Ctrl-C), SIGTERM, SIGHUP, the end of npm above this process, or of whoever reads its
 * output (`| head`). The first asks, any later signal insists. Does nothing itself.
 */
import { readFileSync } from 'node:fs';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** The exit code that shells give to a command ended by Ctrl-C; used for all of them. */
export const INTERRUPTED = 130;
const PARENT_CHECK_MS = 1000;

export class Interrupts {
  readonly #asked = Promise.withResolvers<string>();
  readonly #onInsist: () => void;
  readonly #listener: (signal: NodeJS.Signals) => void;
  readonly #timer: NodeJS.Timeout | null;
  readonly #outputListener = (): void => this.#askOnce('nobody reads the output');
  #hasAsked = false;

  /** `watchesParent`: npm, and the shell that it starts this process with, may end without passing a signal on. */
  constructor(options: { readonly watchesParent: boolean; readonly onInsist: () => void }) {
    this.#onInsist = options.onInsist;
    this.#listener = (signal) => this.#interrupt(signal);
    for (const signal of SIGNALS) process.on(signal, this.#listener);
    process.stdout.on('error', this.#outputListener);
    this.#timer = options.watchesParent ? this.#watchParent() : null;
  }

  /** Resolves with the signal's name; stays pending when nobody interrupts. */
  get asked(): Promise<string> {
    return this.#asked.promise;
  }

  close(): void {
    for (const signal of SIGNALS) process.off(signal, this.#listener);
    process.stdout.off('error', this.#outputListener);
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  #askOnce(reason: string): void {
    if (!this.#hasAsked) this.#interrupt(reason);
  }

  #interrupt(reason: string): void {
    if (this.#hasAsked) this.#onInsist();
    this.#hasAsked = true;
    this.#asked.resolve(reason);
  }

  #watchParent(): NodeJS.Timeout {
    const before = findAncestors();
    const timer = setInterval(() => {
      if (findAncestors() === before) return;
      clearInterval(timer);
      this.#askOnce('npm ended');
    }, PARENT_CHECK_MS);
    return timer.unref();
  }
}

/** The ids of the parent and of its parent: the shell, and npm. */
function findAncestors(): string {
  const { ppid } = process;
  try {
    // "pid (name) state ppid ...", and a name may hold anything.
    const fields = readFileSync(`/proc/${ppid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return `${ppid} ${fields[1]}`;
  } catch {
    return `${ppid} gone`;
  }
}
