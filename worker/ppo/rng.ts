/**
 * Seeded random numbers: the same seed gives the same bits on every machine, and a seed of any response follows from
 * (seed, iteration, prompt, sample) alone, so that it doesn't matter which replica draws, when, or in which batch.
 * Knows nothing of what is drawn. Not for secrets.
 * Sources: xoshiro128** 1.1 (Blackman, Vigna; prng.di.unimi.it), MurmurHash3's 32-bit finalizer (Appleby).
 */

/** Four 32-bit words: all there is to save and restore. */
export type RngState = readonly [number, number, number, number];

/** A bijection of 32-bit words that spreads every bit (MurmurHash3 fmix32). */
function mix(word: number): number {
  let h = word | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * A 32-bit seed from a path of non-negative safe integers, e.g. (seed, iteration, promptIndex, sampleIndex).
 * The order and the number of parts matter.
 */
export function deriveSeed(...parts: readonly number[]): number {
  let hash = mix(0x9e3779b9 + parts.length);
  for (const part of parts) {
    if (!Number.isSafeInteger(part) || part < 0) throw new RangeError(`internal: ${part} can't be part of a seed`);
    hash = mix((Math.imul(hash, 5) + 0xe6546b64) ^ mix(part >>> 0));
    hash = mix((Math.imul(hash, 5) + 0xe6546b64) ^ mix(Math.floor(part / 2 ** 32) + 0x9e3779b9));
  }
  return hash;
}

export class Rng {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** `seed` and `path` as for `deriveSeed`. */
  constructor(...path: readonly number[]) {
    // Four words from one 32-bit hash would leave most states out of reach, so each word hashes the whole path.
    this.#a = deriveSeed(...path, 0);
    this.#b = deriveSeed(...path, 1);
    this.#c = deriveSeed(...path, 2);
    this.#d = deriveSeed(...path, 3) || 1; // all zero is the one state that xoshiro never leaves
  }

  static restore(state: RngState): Rng {
    const rng = new Rng(0);
    [rng.#a, rng.#b, rng.#c, rng.#d] = state;
    return rng;
  }

  state(): RngState {
    return [this.#a, this.#b, this.#c, this.#d];
  }

  /** An independent generator; drawing from it doesn't disturb this one, and it depends on the state and `path`. */
  split(...path: readonly number[]): Rng {
    return new Rng(this.#a, this.#b, this.#c, this.#d, ...path);
  }

  /** Uniform over 0 .. 2^32 - 1. */
  nextUint32(): number {
    const scrambled = Math.imul(this.#b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0;
    const shifted = this.#b << 9;
    const c = this.#c ^ this.#a;
    const d = this.#d ^ this.#b;
    this.#b = (this.#b ^ c) >>> 0;
    this.#a = (this.#a ^ d) >>> 0;
    this.#c = (c ^ shifted) >>> 0;
    this.#d = ((d << 11) | (d >>> 21)) >>> 0;
    return result;
  }

  /** Uniform over [0, 1) in steps of 2^-53. */
  uniform(): number {
    const high = this.nextUint32() >>> 5;
    const low = this.nextUint32() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** Uniform over 0 .. bound - 1, without modulo bias. `bound` from 1 to 2^32. */
  nextInt(bound: number): number {
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let draw = this.nextUint32();
    while (draw >= limit) draw = this.nextUint32();
    return draw % bound;
  }

  /** Standard normal, by Box and Muller; two draws a call, so that the state after n calls doesn't depend on values. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** In place, by Fisher and Yates. */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.nextInt(i + 1);
      const item = items[i]!;
      items[i] = items[j]!;
      items[j] = item;
    }
    return items;
  }

  /** 0 .. n - 1 in random order. */
  permutation(n: number): number[] {
    return this.shuffle(Array.from({ length: n }, (_, i) => i));
  }
}
