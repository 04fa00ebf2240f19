/**
 * Some sequences that were submitted together, as who asked for them sees it: their events in order, and a way to give
 * them up. Knows nothing of threads.
 * Consumes: events. Waits for: the next one. Unblocked by: an event, the timeout, cancel, fail.
 */
import type { SequenceCounts } from './engine.ts';
import type { SequenceEvent } from './sequence.ts';

export interface SubmissionOptions {
  readonly size: number;
  /** Both are given the places of sequences that haven't finished. */
  readonly count: (unfinished: readonly number[]) => Promise<SequenceCounts>;
  readonly cancel: (unfinished: readonly number[]) => void;
}

export class Submission {
  readonly #options: SubmissionOptions;
  readonly #unfinished: Set<number>;
  readonly #events: SequenceEvent[] = [];
  #changed = Promise.withResolvers<void>();
  #failure: { readonly error: unknown } | null = null;
  #isCancelled = false;

  constructor(options: SubmissionOptions) {
    this.#options = options;
    this.#unfinished = new Set(Array.from({ length: options.size }, (_, index) => index));
  }

  /** Whether nothing more will come, apart from events that next() hasn't returned yet. */
  get isOver(): boolean {
    return this.#isCancelled || (this.#unfinished.size === 0 && this.#events.length === 0);
  }

  /** The next event; null after `timeoutMs` without one, or when the submission is over. Throws what fail() was given. */
  async next(timeoutMs: number): Promise<SequenceEvent | null> {
    if (this.#mustWait() && timeoutMs > 0) await this.#change(timeoutMs);
    if (this.#isCancelled) return null;
    const event = this.#events.shift();
    if (event !== undefined) return event;
    if (this.#failure !== null) throw this.#failure.error;
    return null;
  }

  /** Where the unfinished sequences are. Answered by the engine itself, between two steps. */
  count(): Promise<SequenceCounts> {
    return this.#options.count([...this.#unfinished]);
  }

  /** Gives up what is unfinished: nothing more comes of it. */
  cancel(): void {
    if (this.#isCancelled) return;
    this.#isCancelled = true;
    this.#options.cancel([...this.#unfinished]);
    this.#changed.resolve();
  }

  /** Gives up one sequence. */
  cancelOne(index: number): void {
    if (!this.#unfinished.delete(index)) return;
    this.#options.cancel([index]);
    this.#changed.resolve();
  }

  push(event: SequenceEvent): void {
    if (!this.#unfinished.has(event.index)) return;
    if (event.kind === 'finished') this.#unfinished.delete(event.index);
    this.#events.push(event);
    this.#changed.resolve();
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#changed.resolve();
  }

  #mustWait(): boolean {
    return this.#events.length === 0 && this.#failure === null && !this.isOver;
  }

  async #change(timeoutMs: number): Promise<void> {
    this.#changed = Promise.withResolvers<void>();
    const timer = setTimeout(() => this.#changed.resolve(), timeoutMs);
    await this.#changed.promise;
    clearTimeout(timer);
  }
}
