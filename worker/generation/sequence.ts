/**
 * One response in the making: what was asked, what exists of it, when it ends. Knows nothing of batches or models.
 *
 * Letters: P prompt tokens, R response tokens.
 */

export interface SamplingParams {
  /** At least 1. */
  readonly maxTokens: number;
  /** 0: greedy. */
  readonly temperature: number;
  /** 1: off. */
  readonly topP: number;
  /** 0: off. */
  readonly topK: number;
  readonly stopTokenIds: readonly number[];
}

export interface SequenceRequest {
  /** Unique in the engine. */
  readonly id: number;
  /** [P], P >= 1 */
  readonly promptTokenIds: readonly number[];
  /** 32 bits; with prompt, sampling and weights it decides every token. */
  readonly seed: number;
  readonly sampling: SamplingParams;
  /** Whether each token is reported as it is made, and not only with the whole response. */
  readonly isStreaming: boolean;
  /** Likeliest tokens to report at each position (0: none). */
  readonly numTopLogprobs: number;
}

/** stop: it ended with a stop token; length: maxTokens were made; abort: the model gave no finite probabilities. */
export type FinishReason = 'stop' | 'length' | 'abort';

export interface RankedToken {
  readonly tokenId: number;
  readonly logprob: number;
}

export interface TokenEvent {
  readonly id: number;
  readonly tokenId: number;
  /** Natural log at the temperature sampled at (1 where greedy), no truncation. */
  readonly logprob: number;
  /** The likeliest tokens here, in falling order. */
  readonly top: readonly RankedToken[];
}

export interface FinishedSequence {
  readonly id: number;
  readonly numPromptTokens: number;
  /** As asked for. */
  readonly maxTokens: number;
  /** [R], the stop token included. */
  readonly tokenIds: readonly number[];
  /** [R], natural log at the temperature sampled at (1 where greedy), no truncation. */
  readonly logprobs: readonly number[];
  /** [R], the version of the weights that made each token. */
  readonly policyVersions: readonly number[];
  readonly finishReason: FinishReason;
  /** From its arrival in the engine. */
  readonly queueMs: number;
  readonly timeToFirstTokenMs: number;
  readonly totalMs: number;
}

/** What happened to the `index`th sequence of a submission. */
export type SequenceEvent =
  | { readonly kind: 'token'; readonly index: number; readonly token: TokenEvent }
  | { readonly kind: 'finished'; readonly index: number; readonly sequence: FinishedSequence };

export class Sequence {
  readonly request: SequenceRequest;
  readonly tokenIds: number[] = [];
  readonly logprobs: number[] = [];
  readonly policyVersions: number[] = [];
  /** Leading tokens of prompt and response that the cache holds. */
  numCached = 0;
  finishReason: FinishReason | null = null;
  readonly #arrivedMs: number;
  #startedMs = 0;
  #firstTokenMs = 0;
  #lastTokenMs = 0;

  constructor(request: SequenceRequest, nowMs: number) {
    this.request = request;
    this.#arrivedMs = nowMs;
  }

  /** Prompt tokens that the cache doesn't hold yet. */
  get numPromptTokensLeft(): number {
    return Math.max(0, this.request.promptTokenIds.length - this.numCached);
  }

  /** The first token that the cache doesn't hold. */
  get nextTokenId(): number {
    const { promptTokenIds } = this.request;
    const index = this.numCached;
    return index < promptTokenIds.length ? promptTokenIds[index]! : this.tokenIds[index - promptTokenIds.length]!;
  }

  start(nowMs: number): void {
    this.#startedMs = nowMs;
  }

  /** Returns the time since the token before it; null for the first one. */
  append(
    tokenId: number,
    logprob: number,
    origin: { readonly policyVersion: number; readonly nowMs: number },
  ): number | null {
    const isFirst = this.tokenIds.length === 0;
    const sinceLastMs = isFirst ? null : origin.nowMs - this.#lastTokenMs;
    if (isFirst) this.#firstTokenMs = origin.nowMs;
    this.#lastTokenMs = origin.nowMs;
    this.tokenIds.push(tokenId);
    this.logprobs.push(logprob);
    this.policyVersions.push(origin.policyVersion);
    const { stopTokenIds, maxTokens } = this.request.sampling;
    if (stopTokenIds.includes(tokenId)) this.finishReason = 'stop';
    else if (this.tokenIds.length >= maxTokens) this.finishReason = 'length';
    return sinceLastMs;
  }

  finish(finishReason: FinishReason, nowMs: number): FinishedSequence {
    const { id, promptTokenIds, sampling } = this.request;
    return {
      id,
      numPromptTokens: promptTokenIds.length,
      maxTokens: sampling.maxTokens,
      tokenIds: this.tokenIds,
      logprobs: this.logprobs,
      policyVersions: this.policyVersions,
      finishReason,
      queueMs: this.#startedMs - this.#arrivedMs,
      timeToFirstTokenMs: this.#firstTokenMs - this.#arrivedMs,
      totalMs: nowMs - this.#arrivedMs,
    };
  }
}
