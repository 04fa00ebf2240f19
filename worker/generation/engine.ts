/**
 * Continuous batching: sequences wait, get a row, take their prompt into its cache, decode with all the others a token a
 * step, and leave their row to the next one. What a sequence becomes depends on its request and the weights alone, never
 * on its row, its neighbours or the order of arrival.
 * Consumes: requests. Waits for: nothing, each step computes at once. Knows nothing of threads or of where weights come
 * from.
 */
import type { DecodeBuffers } from './decode-buffers.ts';
import { type DecoderSession, PREFILL_CHUNK_TOKENS } from './decoder-session.ts';
import { Sampler, uniformAt } from './sampler.ts';
import { type FinishedSequence, Sequence, type SequenceRequest, type TokenEvent } from './sequence.ts';
import { WaitingQueue } from './waiting-queue.ts';

/** Chunks of prompts between two decode steps: others' next tokens don't wait for longer than that. */
const MAX_CHUNKS_PER_STEP = 8;

export interface StepResult {
  readonly finished: readonly FinishedSequence[];
  /** Of the sequences that stream. */
  readonly tokens: readonly TokenEvent[];
  /** For each token that was made, but the first of a sequence: the time since the one before it. */
  readonly interTokenMs: readonly number[];
}

export interface EngineStats {
  readonly numRunning: number;
  readonly numWaiting: number;
  /** Tokens held, over tokens that fit. */
  readonly cacheUsage: number;
  readonly numSteps: number;
  /** Since the engine exists. */
  readonly promptTokens: number;
  readonly generatedTokens: number;
}

/** Of some sequences: where they are now. */
export interface SequenceCounts {
  readonly numRunning: number;
  readonly numWaiting: number;
  /** Response tokens of those running. */
  readonly numTokens: number;
}

export class Engine {
  readonly #buffers: DecodeBuffers;
  readonly #sampler: Sampler;
  readonly #rows: (Sequence | null)[];
  readonly #waiting = new WaitingQueue();
  #session: DecoderSession;
  #policyVersion: number;
  #finished: FinishedSequence[] = [];
  #tokens: TokenEvent[] = [];
  #interTokenMs: number[] = [];
  #numSteps = 0;
  #promptTokens = 0;
  #generatedTokens = 0;

  constructor(buffers: DecodeBuffers, session: DecoderSession, policyVersion: number) {
    this.#buffers = buffers;
    this.#session = session;
    this.#policyVersion = policyVersion;
    this.#sampler = new Sampler(buffers.vocabSize);
    this.#rows = new Array<Sequence | null>(buffers.maxRows).fill(null);
  }

  /** The next token of every sequence comes from these weights. Returns the session that is no longer used. */
  useSession(session: DecoderSession, policyVersion: number): DecoderSession {
    const previous = this.#session;
    this.#session = session;
    this.#policyVersion = policyVersion;
    return previous;
  }

  submit(requests: readonly SequenceRequest[]): void {
    const nowMs = performance.now();
    for (const request of requests) this.#waiting.push(new Sequence(request, nowMs));
  }

  /** Drops sequences, running or waiting; nothing more is heard of them. */
  cancel(ids: ReadonlySet<number>): void {
    this.#waiting.remove(ids);
    this.#rows.forEach((sequence, row) => {
      if (sequence !== null && ids.has(sequence.request.id)) this.#rows[row] = null;
    });
  }

  get hasWork(): boolean {
    return this.#waiting.length > 0 || this.#rows.some((sequence) => sequence !== null);
  }

  /** Fills free rows, takes in prompts, makes one token for every sequence whose prompt is in. */
  step(): StepResult {
    this.#admit();
    this.#prefill();
    this.#decode();
    const result = { finished: this.#finished, tokens: this.#tokens, interTokenMs: this.#interTokenMs };
    this.#finished = [];
    this.#tokens = [];
    this.#interTokenMs = [];
    this.#numSteps++;
    return result;
  }

  stats(): EngineStats {
    const running = this.#rows.filter((sequence) => sequence !== null);
    const numCached = running.reduce((sum, { numCached }) => sum + numCached, 0);
    return {
      numRunning: running.length,
      numWaiting: this.#waiting.length,
      cacheUsage: numCached / (this.#buffers.maxRows * this.#buffers.cacheTokens),
      numSteps: this.#numSteps,
      promptTokens: this.#promptTokens,
      generatedTokens: this.#generatedTokens,
    };
  }

  count(ids: ReadonlySet<number>): SequenceCounts {
    const running = this.#rows.filter((sequence) => sequence !== null && ids.has(sequence.request.id));
    return {
      numRunning: running.length,
      numWaiting: this.#waiting.count(ids),
      numTokens: running.reduce((sum, sequence) => sum + sequence!.tokenIds.length, 0),
    };
  }

  #admit(): void {
    const nowMs = performance.now();
    for (let row = 0; row < this.#rows.length && this.#waiting.length > 0; row++) {
      if (this.#rows[row] !== null) continue;
      const sequence = this.#waiting.shift()!;
      sequence.start(nowMs);
      this.#promptTokens += sequence.request.promptTokenIds.length;
      this.#rows[row] = sequence;
    }
  }

  #prefill(): void {
    let numChunks = 0;
    for (let row = 0; row < this.#rows.length; row++) {
      const sequence = this.#rows[row];
      while (sequence && isPrefilling(sequence)) {
        if (numChunks++ === MAX_CHUNKS_PER_STEP) return;
        this.#session.prefill(row, sequence.request.promptTokenIds, sequence.numCached);
        sequence.numCached += PREFILL_CHUNK_TOKENS;
      }
    }
  }

  #decode(): void {
    if (!this.#rows.some((sequence) => sequence !== null && !isPrefilling(sequence))) return;
    const numRows = this.#compact();
    const size = this.#session.batchSize(numRows);
    for (let row = 0; row < size; row++) this.#feed(row);
    this.#session.decode(numRows);
    const nowMs = performance.now();
    for (let row = 0; row < numRows; row++) this.#advance(row, nowMs);
  }

  /** Moves the last sequences into free rows where that makes the step smaller; returns the rows that are used. */
  #compact(): number {
    const rows = this.#rows;
    const numUsed = rows.reduce((count, sequence) => count + Number(sequence !== null), 0);
    let end = rows.findLastIndex((sequence) => sequence !== null) + 1;
    if (this.#session.batchSize(numUsed) === this.#session.batchSize(end)) return end;
    for (let free = rows.indexOf(null); free < numUsed; free = rows.indexOf(null, free)) {
      this.#buffers.moveRow(end - 1, free);
      rows[free] = rows[end - 1]!;
      rows[end - 1] = null;
      end = rows.findLastIndex((sequence) => sequence !== null) + 1;
    }
    return numUsed;
  }

  #feed(row: number): void {
    const sequence = this.#rows[row] ?? null;
    // An idle row computes too. What it writes into the cache lies where the row's next token will be written anyway.
    if (sequence === null) this.#buffers.setRow(row, 0, 0, 1);
    else if (isPrefilling(sequence)) this.#buffers.setRow(row, 0, sequence.numCached, 1);
    else {
      const { temperature } = sequence.request.sampling;
      const inverseTemperature = temperature === 0 ? 1 : 1 / temperature;
      this.#buffers.setRow(row, sequence.nextTokenId, sequence.numCached, inverseTemperature);
    }
  }

  #advance(row: number, nowMs: number): void {
    const sequence = this.#rows[row] ?? null;
    if (sequence === null || isPrefilling(sequence)) return;
    sequence.numCached++;
    if (sequence.numPromptTokensLeft > 0) return;
    this.#sample(row, sequence, nowMs);
    if (sequence.finishReason === null) return;
    this.#finished.push(sequence.finish(sequence.finishReason, nowMs));
    this.#rows[row] = null;
  }

  #sample(row: number, sequence: Sequence, nowMs: number): void {
    const { logprobs, probabilities, vocabSize } = this.#buffers;
    const { id, sampling, seed, isStreaming, numTopLogprobs } = sequence.request;
    const start = row * vocabSize;
    const tokenId =
      sampling.temperature === 0
        ? this.#sampler.greedy({ data: logprobs, start })
        : this.#sampler.sample({ data: probabilities, start }, sampling, uniformAt(seed, sequence.tokenIds.length));
    const logprob = logprobs[start + tokenId]!;
    if (!Number.isFinite(logprob)) {
      sequence.finishReason = 'abort';
      return;
    }
    this.#generatedTokens++;
    const sinceLastMs = sequence.append(tokenId, logprob, { policyVersion: this.#policyVersion, nowMs });
    if (sinceLastMs !== null) this.#interTokenMs.push(sinceLastMs);
    if (!isStreaming) return;
    const top = this.#sampler.top({ data: logprobs, start }, numTopLogprobs);
    this.#tokens.push({ id, tokenId, logprob, top });
  }
}

/** Whole chunks go first; at least one token is left for a decode step, which samples what follows it. */
function isPrefilling(sequence: Sequence): boolean {
  return sequence.numPromptTokensLeft > PREFILL_CHUNK_TOKENS;
}
