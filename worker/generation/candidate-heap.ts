/**
 * Tokens of one row in falling order of their numbers, without sorting the row: a binary heap over storage that is
 * allocated once. Of equal numbers the lower token comes first. Knows nothing of what the numbers mean.
 */

export class CandidateHeap {
  /** The heap in the first `size` places; popped tokens from the end of what was filled, the first popped last. */
  readonly #tokens: Int32Array;
  #values: Float32Array = new Float32Array(0);
  #start = 0;
  #numFilled = 0;
  #size = 0;

  constructor(vocabSize: number) {
    this.#tokens = new Int32Array(vocabSize);
  }

  get size(): number {
    return this.#size;
  }

  /** Takes the tokens of values[start .. start + V) that are at least `floor`; all of them where none is. */
  fill(values: Float32Array, start: number, floor: number): void {
    this.#values = values;
    this.#start = start;
    const tokens = this.#tokens;
    let count = 0;
    for (let token = 0; token < tokens.length; token++) if (values[start + token]! >= floor) tokens[count++] = token;
    if (count === 0) for (; count < tokens.length; count++) tokens[count] = count;
    this.#numFilled = count;
    this.#size = count;
    for (let root = (count >> 1) - 1; root >= 0; root--) this.#sink(root);
  }

  /** Removes and returns the greatest; there must be one. */
  pop(): number {
    const tokens = this.#tokens;
    const top = tokens[0]!;
    this.#size--;
    tokens[0] = tokens[this.#size]!;
    tokens[this.#size] = top;
    this.#sink(0);
    return top;
  }

  /** The token that was popped `rank`th since fill(). */
  popped(rank: number): number {
    return this.#tokens[this.#numFilled - 1 - rank]!;
  }

  #sink(root: number): void {
    const tokens = this.#tokens;
    let parent = root;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= this.#size) return;
      if (child + 1 < this.#size && this.#isBefore(tokens[child + 1]!, tokens[child]!)) child++;
      if (!this.#isBefore(tokens[child]!, tokens[parent]!)) return;
      const token = tokens[parent]!;
      tokens[parent] = tokens[child]!;
      tokens[child] = token;
      parent = child;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const difference = this.#values[this.#start + a]! - this.#values[this.#start + b]!;
    return difference > 0 || (difference === 0 && a < b);
  }
}
