/**
 * Which prompts an iteration uses: without replacement within an epoch of the dataset, each epoch in its own seeded
 * order. The position is one number, so that a checkpoint can hold it. Knows nothing of prompts.
 */
import { Rng } from '../ppo/rng.ts';

/** Keeps the dataset's draws apart from others of the same seed. */
const STREAM = 0x70726f6d;

export class PromptSampler {
  readonly #seed: number;
  readonly #numPrompts: number;
  #epoch = -1;
  #order: readonly number[] = [];

  constructor(seed: number, numPrompts: number) {
    this.#seed = seed;
    this.#numPrompts = numPrompts;
  }

  /** Indices of the `count` prompts that follow the first `numDrawn`; goes on into the next epoch where one ends. */
  draw(numDrawn: number, count: number): number[] {
    const indices: number[] = [];
    for (let position = numDrawn; position < numDrawn + count; position++) {
      this.#enter(Math.floor(position / this.#numPrompts));
      indices.push(this.#order[position % this.#numPrompts]!);
    }
    return indices;
  }

  #enter(epoch: number): void {
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    this.#order = new Rng(this.#seed, STREAM, epoch).permutation(this.#numPrompts);
  }
}
