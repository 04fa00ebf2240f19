/**
 * Text from tokens as they come: never half a character, and nothing of a stop string or after it. Knows nothing of
 * requests or models.
 */
import type { Tokenizer } from '../../models/tokenizer.ts';

/** What a decoder puts in place of bytes that are no character yet. */
const REPLACEMENT = '\uFFFD';

export class TextStream {
  readonly #tokenizer: Tokenizer;
  readonly #stopStrings: readonly string[];
  readonly #tokenIds: number[] = [];
  /** Tokens from #contextStart to #decodedEnd have been decoded; they are the context in which the next ones are. */
  #contextStart = 0;
  #decodedEnd = 0;
  /** Decoded and not given out yet: a stop string may begin in it. */
  #held = '';
  #isStopped = false;

  constructor(tokenizer: Tokenizer, stopStrings: readonly string[]) {
    this.#tokenizer = tokenizer;
    this.#stopStrings = stopStrings;
  }

  /** Whether a stop string has been found: what comes after it counts no more. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Takes a token; returns the text that is certain now, which may be none. */
  push(tokenId: number): string {
    if (this.#isStopped) return '';
    this.#tokenIds.push(tokenId);
    const before = this.#decode(this.#contextStart, this.#decodedEnd);
    const after = this.#decode(this.#contextStart, this.#tokenIds.length);
    if (after.length <= before.length || after.endsWith(REPLACEMENT)) return '';
    this.#contextStart = this.#decodedEnd;
    this.#decodedEnd = this.#tokenIds.length;
    return this.#release(after.slice(before.length));
  }

  /** No more tokens come; returns the text that was still held back. */
  end(): string {
    if (this.#isStopped) return '';
    const before = this.#decode(this.#contextStart, this.#decodedEnd);
    const rest = this.#decode(this.#contextStart, this.#tokenIds.length).slice(before.length);
    const text = this.#release(rest) + this.#held;
    this.#held = '';
    return text;
  }

  #release(text: string): string {
    this.#held += text;
    const stopAt = this.#stopStrings
      .map((stop) => this.#held.indexOf(stop))
      .filter((at) => at >= 0)
      .reduce((first, at) => Math.min(first, at), Number.POSITIVE_INFINITY);
    if (stopAt !== Number.POSITIVE_INFINITY) {
      this.#isStopped = true;
      const certain = this.#held.slice(0, stopAt);
      this.#held = '';
      return certain;
    }
    const keep = Math.max(0, ...this.#stopStrings.map((stop) => overlap(this.#held, stop)));
    const certain = this.#held.slice(0, this.#held.length - keep);
    this.#held = this.#held.slice(this.#held.length - keep);
    return certain;
  }

  #decode(start: number, end: number): string {
    return this.#tokenizer.decode(this.#tokenIds.slice(start, end), { skipSpecialTokens: true });
  }
}

/** Length of the longest end of `text` that is a beginning of `stop`. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length;
  }
  return 0;
}
