/**
 * One choice of a completion in the making: its text, its logprobs and how it ended, in OpenAI's shape. Knows nothing of
 * engines or sockets.
 */
import type { Tokenizer } from '../../models/tokenizer.ts';
import type { FinishReason, TokenEvent } from '../sequence.ts';
import { TextStream } from './text-stream.ts';

export interface ChoiceLogprobs {
  readonly tokens: string[];
  readonly token_logprobs: number[];
  /** The likeliest tokens and the sampled one, by their text. */
  readonly top_logprobs: Record<string, number>[];
  /** Of each token, in the choice's text. */
  readonly text_offset: number[];
}

export interface ChoiceBody {
  readonly text: string;
  readonly index: number;
  readonly logprobs: ChoiceLogprobs | null;
  readonly finish_reason: 'stop' | 'length' | null;
}

export interface ChoiceOptions {
  readonly index: number;
  readonly tokenizer: Tokenizer;
  readonly stopStrings: readonly string[];
  readonly hasLogprobs: boolean;
}

export class CompletionChoice {
  readonly #options: ChoiceOptions;
  readonly #text: TextStream;
  #textLength = 0;
  #numTokens = 0;
  #finishReason: 'stop' | 'length' | null = null;
  /** Since the last take(). */
  #pendingText = '';
  #pendingLogprobs: ChoiceLogprobs = emptyLogprobs();

  constructor(options: ChoiceOptions) {
    this.#options = options;
    this.#text = new TextStream(options.tokenizer, options.stopStrings);
  }

  get numTokens(): number {
    return this.#numTokens;
  }

  /** Whether it has ended, and be it by a stop string of which the engine knows nothing. */
  get isFinished(): boolean {
    return this.#finishReason !== null;
  }

  push(token: TokenEvent): void {
    if (this.isFinished) return;
    this.#numTokens++;
    if (this.#options.hasLogprobs) this.#addLogprobs(token);
    this.#add(this.#text.push(token.tokenId));
    if (this.#text.isStopped) this.#finishReason = 'stop';
  }

  /** The engine has made the last token. */
  finish(reason: Exclude<FinishReason, 'abort'>): void {
    if (this.isFinished) return;
    this.#add(this.#text.end());
    this.#finishReason = this.#text.isStopped ? 'stop' : reason;
  }

  /** What has come since the last call; null where there is nothing to say. */
  take(): ChoiceBody | null {
    const logprobs = this.#pendingLogprobs;
    const text = this.#pendingText;
    if (text === '' && logprobs.tokens.length === 0 && !this.isFinished) return null;
    this.#pendingText = '';
    this.#pendingLogprobs = emptyLogprobs();
    const { index, hasLogprobs } = this.#options;
    return { text, index, logprobs: hasLogprobs ? logprobs : null, finish_reason: this.#finishReason };
  }

  #add(text: string): void {
    this.#pendingText += text;
    this.#textLength += text.length;
  }

  #addLogprobs({ tokenId, logprob, top }: TokenEvent): void {
    const name = (id: number) => this.#options.tokenizer.decode([id], { skipSpecialTokens: false });
    const logprobs = this.#pendingLogprobs;
    logprobs.tokens.push(name(tokenId));
    logprobs.token_logprobs.push(logprob);
    const ranked = [...top, { tokenId, logprob }].map((entry) => [name(entry.tokenId), entry.logprob] as const);
    logprobs.top_logprobs.push(Object.fromEntries(ranked));
    logprobs.text_offset.push(this.#textLength);
  }
}

function emptyLogprobs(): ChoiceLogprobs {
  return { tokens: [], token_logprobs: [], top_logprobs: [], text_offset: [] };
}
