// The newest changes of an in-memory cluster, in order, and watches that follow them. Bounded: who falls behind, or
// starts from a version that is no longer there, gets a GoneError, as from a real API server.

import { GoneError, InvalidError } from './errors.ts';
import type { KubernetesObject, Stored, WatchEventType } from './objects.ts';

export interface Change {
  /** The write's resource version: the previous change's plus 1. */
  readonly version: number;
  readonly plural: string;
  readonly type: WatchEventType;
  readonly object: Stored<KubernetesObject>;
  /** The object before this change. */
  readonly previous: Stored<KubernetesObject> | null;
}

export class WatchHistory {
  readonly #limit: number;
  #changes: Change[] = [];
  /** Version of the newest change. */
  #newest: number;
  readonly #waiting = new Set<() => void>();

  /** Keeps the newest `limit` changes; the first will have version `start + 1`. */
  constructor(options: { limit: number; start: number }) {
    this.#limit = options.limit;
    this.#newest = options.start;
  }

  append(change: Change): void {
    this.#newest = change.version;
    this.#changes.push(change);
    // Trimmed in bulk: each removal moves the whole array.
    if (this.#changes.length >= 2 * this.#limit) this.#changes = this.#changes.slice(-this.#limit);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  /** Every change after `version`, until the signal aborts. Checks the version at once. */
  follow(version: number, signal: AbortSignal): AsyncGenerator<Change> {
    if (version > this.#newest) throw new InvalidError(`resource version ${version} is newer than ${this.#newest}`);
    this.#after(version);
    return this.#generate(version, signal);
  }

  async *#generate(version: number, signal: AbortSignal): AsyncGenerator<Change> {
    let seen = version;
    while (!signal.aborted) {
      const change = this.#after(seen);
      if (change === undefined) {
        await this.#nextChange(signal);
        continue;
      }
      seen = change.version;
      yield change;
    }
  }

  /** The first change after `version`. */
  #after(version: number): Change | undefined {
    if (version === this.#newest) return undefined;
    const oldest = this.#newest - Math.min(this.#changes.length, this.#limit);
    if (version < oldest) throw new GoneError(`resource version ${version} is too old: history starts at ${oldest}`);
    return this.#changes[this.#changes.length - (this.#newest - version)];
  }

  #nextChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        this.#waiting.delete(wake);
        resolve();
      };
      signal.addEventListener('abort', wake, { once: true });
      this.#waiting.add(wake);
    });
  }
}
