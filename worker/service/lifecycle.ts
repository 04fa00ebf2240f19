/**
 * How a worker process ends: what asks it to, and the order in which its parts close.
 */
import type { Logger } from './log.ts';
import { withinTime } from './within-time.ts';

/** Exit code of a configuration or data that can't succeed by trying again. */
export const EXIT_HOPELESS = 78;

/** A fault that a restart would only repeat: the process exits with EXIT_HOPELESS. */
export class HopelessError extends Error {
  override readonly name = 'HopelessError';
}

/**
 * Resolves with the reason when the process is asked to end: SIGTERM, SIGINT, or, where the environment says
 * PPO_EXIT_WITH_STDIN=1 (single-machine mode), the end of standard input, which is the end of the parent.
 */
export function untilTerminated(environment: NodeJS.ProcessEnv = process.env): Promise<string> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve('SIGTERM'));
    process.once('SIGINT', () => resolve('SIGINT'));
    if (environment.PPO_EXIT_WITH_STDIN !== '1') return;
    process.stdin.on('end', () => resolve('the parent process ended'));
    process.stdin.on('error', () => resolve('the parent process ended'));
    process.stdin.resume();
  });
}

/** Rejects when a part that the process can't do without has ended. */
export function failureOf(part: { readonly ended: Promise<Error> }): Promise<never> {
  const failure = part.ended.then((reason): never => {
    throw reason;
  });
  // It also ends when the process closes it, and then nobody waits for it any more.
  failure.catch(() => {});
  return failure;
}

interface Closer {
  readonly name: string;
  readonly close: () => Promise<void>;
}

/** Parts of a process, closed in the reverse order of their addition, each within its share of time. */
export class Closers {
  readonly #closers: Closer[] = [];
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  add(name: string, close: () => Promise<void>): void {
    this.#closers.push({ name, close });
  }

  /** Closes everything; a part that fails or takes longer than `graceMs` is logged and left behind. */
  async closeAll(graceMs: number): Promise<void> {
    for (const closer of this.#closers.splice(0).reverse()) {
      try {
        await withinTime(closer.close(), graceMs, `not done after ${graceMs} ms`);
      } catch (error) {
        this.#log.warn({ err: error }, `closing ${closer.name} failed`);
      }
    }
  }
}
