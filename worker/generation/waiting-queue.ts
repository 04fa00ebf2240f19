/**
 * Sequences that have no row yet, first come, first served. Knows nothing of rows.
 */
import type { Sequence } from './sequence.ts';

const MIN_SHRINK = 1024;

export class WaitingQueue {
  #sequences: Sequence[] = [];
  /** Index of the first that still waits: shifting an array of thousands a step would be quadratic. */
  #head = 0;

  get length(): number {
    return this.#sequences.length - this.#head;
  }

  push(sequence: Sequence): void {
    this.#sequences.push(sequence);
  }

  shift(): Sequence | null {
    const sequence = this.#sequences[this.#head];
    if (sequence === undefined) return null;
    this.#head++;
    if (this.#head >= MIN_SHRINK && this.#head * 2 >= this.#sequences.length) this.#keep(() => true);
    return sequence;
  }

  remove(ids: ReadonlySet<number>): void {
    this.#keep(({ request }) => !ids.has(request.id));
  }

  count(ids: ReadonlySet<number>): number {
    let count = 0;
    for (let at = this.#head; at < this.#sequences.length; at++) {
      if (ids.has(this.#sequences[at]!.request.id)) count++;
    }
    return count;
  }

  #keep(isKept: (sequence: Sequence) => boolean): void {
    this.#sequences = this.#sequences.slice(this.#head).filter(isKept);
    this.#head = 0;
  }
}
