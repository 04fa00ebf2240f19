// Keys that need work, by client-go's rules: a key is queued once, is worked on by one worker at a time, and when added
// meanwhile is worked on once more; failed keys come back after a time that doubles; keys that only might need work give
// way to others. It refuses to know what the work is.

import type { Clock } from '../cluster/clock.ts';

export interface WorkQueueOptions {
  readonly clock: Clock;
  readonly firstBackoffMs?: number;
  readonly longestBackoffMs?: number;
  readonly observer?: QueueObserver;
}

/** 'low': nothing has happened to the key that we know of, as for all keys after a start. */
export type Priority = 'high' | 'low';

/** Told what happens, for metrics. */
export interface QueueObserver {
  onAdd(): void;
  /** After waiting for so long. */
  onTake(waitedMs: number): void;
  /** After work of so long. */
  onDone(workedMs: number): void;
  onRetry(): void;
}

export interface QueueStatistics {
  readonly depth: number;
  /** Of work that has begun and hasn't ended: in all, and the longest. */
  readonly unfinishedMs: number;
  readonly longestMs: number;
  /** For how long keys have waited without any work being begun or ended; 0 while none waits. */
  readonly stuckMs: number;
}

const NO_OBSERVER: QueueObserver = { onAdd: () => {}, onTake: () => {}, onDone: () => {}, onRetry: () => {} };

/** Timers count no further than some weeks, and would fire at once; to look too early costs nothing. */
const LONGEST_DELAY_MS = 86_400_000;

export class WorkQueue {
  readonly #clock: Clock;
  readonly #firstBackoffMs: number;
  readonly #longestBackoffMs: number;
  readonly #observer: QueueObserver;
  /** Since when. Insertion order is the order of work; a key is in one of them. */
  readonly #queued = { high: new Map<string, number>(), low: new Map<string, number>() };
  /** Since when. */
  readonly #active = new Map<string, number>();
  /** Added while active: queued again when done. */
  readonly #dirty = new Map<string, Priority>();
  readonly #delayed = new Map<string, { readonly atMs: number; readonly cancel: () => void }>();
  readonly #numFailures = new Map<string, number>();
  #takers: ((key: string | null) => void)[] = [];
  #isClosed = false;
  /** When work was last begun or ended, or the first of the waiting keys came. */
  #movedAtMs = 0;

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock;
    this.#firstBackoffMs = options.firstBackoffMs ?? 5;
    this.#longestBackoffMs = options.longestBackoffMs ?? 60_000;
    this.#observer = options.observer ?? NO_OBSERVER;
  }

  get statistics(): QueueStatistics {
    const nowMs = this.#clock.monotonicMs();
    const unfinished = [...this.#active.values()].map((sinceMs) => nowMs - sinceMs);
    const depth = this.#queued.high.size + this.#queued.low.size;
    return {
      depth,
      stuckMs: depth === 0 ? 0 : nowMs - this.#movedAtMs,
      unfinishedMs: unfinished.reduce((sum, ms) => sum + ms, 0),
      longestMs: Math.max(0, ...unfinished),
    };
  }

  add(key: string, priority: Priority = 'high'): void {
    if (this.#isClosed) return;
    if (this.#active.has(key)) {
      if (priority === 'high' || !this.#dirty.has(key)) this.#dirty.set(key, priority);
      return;
    }
    const { high, low } = this.#queued;
    if (high.size + low.size === 0) this.#movedAtMs = this.#clock.monotonicMs();
    const sinceMs = high.get(key) ?? low.get(key);
    if (sinceMs === undefined) this.#observer.onAdd();
    if (priority === 'low' && sinceMs !== undefined) return;
    if (priority === 'high') low.delete(key);
    if (!high.has(key)) this.#queued[priority].set(key, sinceMs ?? this.#clock.monotonicMs());
    this.#serve();
  }

  /** Adds later, after a day at most; of several delays of one key the earliest counts. */
  addAfter(key: string, wantedMs: number): void {
    if (this.#isClosed) return;
    const delayMs = Math.min(wantedMs, LONGEST_DELAY_MS);
    const atMs = this.#clock.monotonicMs() + delayMs;
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
    this.#observer.onRetry();
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
    const sinceMs = this.#active.get(key);
    this.#active.delete(key);
    this.#movedAtMs = this.#clock.monotonicMs();
    if (sinceMs !== undefined) this.#observer.onDone(this.#movedAtMs - sinceMs);
    const priority = this.#dirty.get(key);
    this.#dirty.delete(key);
    if (priority !== undefined) this.add(key, priority);
  }

  close(): void {
    this.#isClosed = true;
    this.#queued.high.clear();
    this.#queued.low.clear();
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
    for (const queue of [this.#queued.high, this.#queued.low]) this.#serveFrom(queue);
  }

  #serveFrom(queue: Map<string, number>): void {
    for (const [key, sinceMs] of queue) {
      const taker = this.#takers.shift();
      if (taker === undefined) return;
      const nowMs = this.#clock.monotonicMs();
      queue.delete(key);
      this.#active.set(key, nowMs);
      this.#movedAtMs = nowMs;
      this.#observer.onTake(nowMs - sinceMs);
      taker(key);
    }
  }
}
