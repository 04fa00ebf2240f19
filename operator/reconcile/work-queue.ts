// Keys that need work, by client-go's rules: a key is queued once, is worked on by one worker at a time, and when added
// meanwhile is worked on once more; failed keys come back after a time that doubles. It refuses to know what the work is.

import type { Clock } from '../cluster/clock.ts';

export interface WorkQueueOptions {
  readonly clock: Clock;
  readonly firstBackoffMs?: number;
  readonly longestBackoffMs?: number;
}

export class WorkQueue {
  readonly #clock: Clock;
  readonly #firstBackoffMs: number;
  readonly #longestBackoffMs: number;
  /** Insertion order is the order of work. */
  readonly #queued = new Set<string>();
  readonly #active = new Set<string>();
  /** Added while active: queued again when done. */
  readonly #dirty = new Set<string>();
  readonly #delayed = new Map<string, { readonly atMs: number; readonly cancel: () => void }>();
  readonly #numFailures = new Map<string, number>();
  #takers: ((key: string | null) => void)[] = [];
  #isClosed = false;

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock;
    this.#firstBackoffMs = options.firstBackoffMs ?? 5;
    this.#longestBackoffMs = options.longestBackoffMs ?? 60_000;
  }

  add(key: string): void {
    if (this.#isClosed) return;
    if (this.#active.has(key)) {
      this.#dirty.add(key);
      return;
    }
    this.#queued.add(key);
    this.#serve();
  }

  /** Adds later; of several delays of one key the earliest counts. */
  addAfter(key: string, delayMs: number): void {
    if (this.#isClosed) return;
    const atMs = this.#clock.nowMs() + delayMs;
    const known = this.#delayed.get(key);
    if (known !== undefined && known.atMs <= atMs) return;
    known?.cancel();
    const cancel = this.#clock.after(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { atMs, cancel });
  }

  /** Adds after this key's back-off, which doubles with each call until `forget`. */
  addWithBackoff(key: string): void {
    const numFailures = this.#numFailures.get(key) ?? 0;
    this.#numFailures.set(key, numFailures + 1);
    this.addAfter(key, Math.min(this.#firstBackoffMs * 2 ** numFailures, this.#longestBackoffMs));
  }

  /** The key's work succeeded: its next back-off starts small. */
  forget(key: string): void {
    this.#numFailures.delete(key);
  }

  /** The next key, for one worker, who calls `done` afterwards; null once the queue is closed. */
  take(): Promise<string | null> {
    return new Promise((resolve) => {
      this.#takers.push(resolve);
      this.#serve();
    });
  }

  done(key: string): void {
    this.#active.delete(key);
    if (this.#dirty.delete(key)) this.add(key);
  }

  close(): void {
    this.#isClosed = true;
    this.#queued.clear();
    this.#dirty.clear();
    for (const { cancel } of this.#delayed.values()) cancel();
    this.#delayed.clear();
    this.#serve();
  }

  #serve(): void {
    if (this.#isClosed) {
      for (const taker of this.#takers) taker(null);
      this.#takers = [];
      return;
    }
    for (const key of this.#queued) {
      const taker = this.#takers.shift();
      if (taker === undefined) return;
      this.#queued.delete(key);
      this.#active.add(key);
      taker(key);
    }
  }
}
