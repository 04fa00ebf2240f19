// Answers remembered for a moment, one question at a time: who asks while the answer is being found waits for the same one.
// It refuses to remember failures.

import type { Clock } from '../cluster/clock.ts';

const MAX_ENTRIES = 64;

interface Entry<T> {
  readonly answer: Promise<T>;
  /** Infinite while the answer is being found. */
  freshUntilMs: number;
}

export class Memo<T> {
  readonly #clock: Clock;
  readonly #freshMs: number;
  readonly #entries = new Map<string, Entry<T>>();

  constructor(options: { readonly clock: Clock; readonly freshMs: number }) {
    this.#clock = options.clock;
    this.#freshMs = options.freshMs;
  }

  get(key: string, find: () => Promise<T>): Promise<T> {
    const known = this.#entries.get(key);
    if (known !== undefined && this.#clock.monotonicMs() < known.freshUntilMs) return known.answer;
    const entry: Entry<T> = { answer: find(), freshUntilMs: Number.POSITIVE_INFINITY };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    const end = (freshMs: number) => () => {
      entry.freshUntilMs = this.#clock.monotonicMs() + freshMs;
    };
    entry.answer.then(end(this.#freshMs), end(0));
    if (this.#entries.size > MAX_ENTRIES) this.#entries.delete(this.#entries.keys().next().value as string);
    return entry.answer;
  }
}
