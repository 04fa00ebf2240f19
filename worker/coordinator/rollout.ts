/**
 * One rollout: prompts out to generation replicas, responses back. Prompts go to the replica with the fewest unfinished
 * tokens; what a lost replica leaves unfinished goes to the others, or waits for a replacement that holds the weights.
 * Results are in the order of the requests, whoever made them: a response depends on its prompt, seed and policy version
 * alone.
 * Consumes: replicas that hold the policy version. Waits for: their streams. Unblocked by: the signal, deadlines.
 */
import { setTimeout as delay } from 'node:timers/promises';
import * as grpc from '@grpc/grpc-js';
import type { Response as WireResponse } from '../api/generated/ppo/v1/Response.ts';
import { RpcError, stream } from '../service/rpc.ts';
import { type CallContext, type MemberCalls, MemberLostError } from './calls.ts';
import { type Member, memberName } from './membership.ts';

export interface GenerationRequest {
  /** [P] */
  readonly promptTokenIds: readonly number[];
  /** Of this response alone, 32 bits. */
  readonly seed: number;
}

export interface Sampling {
  readonly maxTokens: number;
  /** 0: greedy */
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
  readonly stopTokenIds: readonly number[];
}

export interface RolloutResponse {
  /** [R], the stop token included, R >= 1 */
  readonly responseTokenIds: readonly number[];
  /** [R], by the generation server */
  readonly rolloutLogprobs: readonly number[];
  readonly finishReason: 'stop' | 'length';
}

/** Where weights are: which replicas hold a version, and how to bring it to those that don't. */
export interface WeightHolders {
  ready(policyVersion: number): readonly Member[];
  /** Whether some replica that is alive lacks the version. */
  isLacking(policyVersion: number): boolean;
  /** Brings the version to every replica alive; resolves when they hold it. */
  bring(policyVersion: number, signal: AbortSignal): Promise<void>;
  /** The replica turned out not to hold what it was thought to. */
  forget(member: Member): void;
}

export interface RolloutOptions {
  readonly calls: MemberCalls;
  readonly weights: WeightHolders;
  readonly requests: readonly GenerationRequest[];
  readonly sampling: Sampling;
  readonly policyVersion: number;
  /** Longest wait for a replica while there is none. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: { readonly finished: number; readonly tokens: number }) => void;
  readonly onRequeue?: (member: Member, count: number, cause: Error) => void;
}

/** Prompts that one replica has at a time; it refuses more than about twice as many. */
const MAX_UNFINISHED = 1 << 15;
/** Tokens of the prompts in one call: far below what a message may hold. */
const MAX_CALL_TOKENS = 1 << 20;
/** Failures in a row, without a response in between, after which a rollout gives up; the pause between them doubles. */
const MAX_FAILURES = 6;
const FIRST_PAUSE_MS = 100;

export async function generate(options: RolloutOptions): Promise<RolloutResponse[]> {
  if (options.requests.length === 0) return [];
  const ended = new AbortController();
  const rollout = new Rollout({ ...options, signal: AbortSignal.any([options.signal, ended.signal]) });
  try {
    return await rollout.run();
  } finally {
    ended.abort(new Error('the rollout has ended'));
  }
}

class Rollout {
  readonly #options: RolloutOptions;
  readonly #responses: (RolloutResponse | null)[];
  /** Indices of requests that no replica has. */
  #queue: number[];
  /** Prompts that each replica (by incarnation) has, and the tokens that they may still cost it. */
  readonly #load = new Map<string, { prompts: number; tokens: number }>();
  readonly #streams = new Set<Promise<void>>();
  #bringing: Promise<void> | null = null;
  #numFinished = 0;
  #numTokens = 0;
  #failuresInARow = 0;
  #idleSinceMs: number | null = null;
  #failure: Error | null = null;

  constructor(options: RolloutOptions) {
    this.#options = options;
    this.#responses = new Array<RolloutResponse | null>(options.requests.length).fill(null);
    this.#queue = options.requests.map((_request, index) => index);
  }

  async run(): Promise<RolloutResponse[]> {
    while (this.#numFinished < this.#responses.length) {
      this.#options.signal.throwIfAborted();
      if (this.#failure !== null) throw this.#failure;
      this.#bringWeights();
      this.#assign();
      await this.#nextEvent();
    }
    // A broadcast cut off in the middle would leave its group broken; a failed one is the next weight sync's business.
    await this.#bringing;
    return this.#responses as RolloutResponse[];
  }

  /** Replacements get the weights in the background while others generate. */
  #bringWeights(): void {
    const { weights, policyVersion, signal } = this.#options;
    if (this.#bringing !== null || !weights.isLacking(policyVersion)) return;
    this.#bringing = weights.bring(policyVersion, signal).then(
      () => {
        this.#bringing = null;
      },
      (error: unknown) => {
        this.#bringing = null;
        this.#failure ??= error instanceof Error ? error : new Error(String(error));
      },
    );
  }

  /** What is queued, in order, each to the replica with the fewest unfinished tokens (the first of equals). */
  #assign(): void {
    const { weights, policyVersion, requests } = this.#options;
    const shares = weights.ready(policyVersion).map((member) => ({ member, indices: [] as number[] }));
    let numAssigned = 0;
    for (const index of this.#queue) {
      const free = shares.filter(({ member }) => this.#loadOf(member).prompts < MAX_UNFINISHED);
      if (free.length === 0) break;
      const tokensOf = (share: { member: Member }) => this.#loadOf(share.member).tokens;
      const least = free.reduce((best, share) => (tokensOf(share) < tokensOf(best) ? share : best));
      least.indices.push(index);
      this.#addLoad(least.member, index, 1);
      numAssigned++;
    }
    this.#queue = this.#queue.slice(numAssigned);
    for (const { member, indices } of shares) {
      for (const part of splitByTokens(indices, requests)) this.#start(member, part);
    }
  }

  #cost(index: number): number {
    return this.#options.requests[index]!.promptTokenIds.length + this.#options.sampling.maxTokens;
  }

  #start(member: Member, share: readonly number[]): void {
    const unfinished = new Set(share);
    const running = this.#converse(member, unfinished)
      .catch((error: unknown) => this.#onFailure(member, unfinished, error))
      .finally(() => {
        for (const index of unfinished) this.#addLoad(member, index, -1);
        this.#queue.push(...unfinished);
        this.#queue.sort((a, b) => a - b);
        this.#streams.delete(running);
      });
    this.#streams.add(running);
  }

  async #converse(member: Member, unfinished: Set<number>): Promise<void> {
    const { calls, signal } = this.#options;
    await calls.call(member, { signal }, async (context) => {
      if (unfinished.size > 0) await this.#stream(member, unfinished, context);
    });
    if (unfinished.size > 0) {
      const message = `${memberName(member)} ended its stream with ${unfinished.size} responses missing`;
      throw new RpcError(grpc.status.INTERNAL, message);
    }
  }

  async #stream(member: Member, unfinished: Set<number>, context: CallContext): Promise<void> {
    const { requests, sampling, policyVersion } = this.#options;
    const client = context.client('Generation');
    const request = {
      epoch: context.epoch,
      policyVersion,
      sampling: { ...sampling, stopTokenIds: [...sampling.stopTokenIds] },
      prompts: [...unfinished].map((index) => ({
        requestId: index,
        tokenIds: [...requests[index]!.promptTokenIds],
        seed: requests[index]!.seed,
      })),
    };
    for await (const reply of stream(client, client.generate, request, context.stream)) {
      if (reply.response) this.#receive(member, unfinished, reply.response);
    }
  }

  #receive(member: Member, unfinished: Set<number>, response: WireResponse): void {
    const index = response.requestId;
    if (!unfinished.has(index)) {
      throw new RpcError(grpc.status.INTERNAL, `unexpected response with request id ${index}`);
    }
    if (response.finishReason === 'abort') return;
    this.#responses[index] = checkResponse(response, this.#options);
    unfinished.delete(index);
    this.#addLoad(member, index, -1);
    this.#failuresInARow = 0;
    this.#numFinished++;
    this.#numTokens += response.tokenIds.length;
    this.#options.onProgress?.({ finished: this.#numFinished, tokens: this.#numTokens });
  }

  async #onFailure(member: Member, unfinished: Set<number>, error: unknown): Promise<void> {
    const { signal, weights, onRequeue } = this.#options;
    if (signal.aborted) return;
    const cause = error instanceof Error ? error : new Error(String(error));
    onRequeue?.(member, unfinished.size, cause);
    // A loss is the membership's finding and costs no patience; anything else may be this replica's lasting fault.
    if (error instanceof MemberLostError) return;
    // It doesn't hold the policy version after all.
    if (error instanceof RpcError && error.code === grpc.status.FAILED_PRECONDITION) weights.forget(member);
    if (++this.#failuresInARow >= MAX_FAILURES) {
      this.#failure = new Error(`the rollout failed ${MAX_FAILURES} times in a row: ${cause.message}`, { cause });
      return;
    }
    const pauseMs = FIRST_PAUSE_MS * 2 ** this.#failuresInARow;
    await delay(pauseMs, undefined, { signal }).catch(() => {});
  }

  #loadOf(member: Member): { prompts: number; tokens: number } {
    const known = this.#load.get(member.incarnation);
    if (known !== undefined) return known;
    const load = { prompts: 0, tokens: 0 };
    this.#load.set(member.incarnation, load);
    return load;
  }

  /** `sign`: 1 when the replica gets the prompt, -1 when it is done with it. */
  #addLoad(member: Member, index: number, sign: 1 | -1): void {
    const load = this.#loadOf(member);
    load.prompts += sign;
    load.tokens += sign * this.#cost(index);
  }

  /** Until a stream ends, weights arrive or the membership changes; while there is nobody to wait for, `waitMs` at most. */
  async #nextEvent(): Promise<void> {
    const { calls, signal, waitMs } = this.#options;
    const events: Promise<void>[] = [...this.#streams];
    if (this.#bringing !== null) events.push(this.#bringing);
    const nowMs = performance.now();
    this.#idleSinceMs = events.length === 0 ? (this.#idleSinceMs ?? nowMs) : null;
    const { promise: woken, resolve: wake } = Promise.withResolvers<void>();
    const expire = () => {
      const missing = calls.membership.missing(['generation']).join(', ');
      this.#failure = new Error(`no generation replica for ${waitMs / 1000} s; missing: ${missing}`);
      wake();
    };
    const timer = this.#idleSinceMs === null ? null : setTimeout(expire, this.#idleSinceMs + waitMs - nowMs);
    const unsubscribe = calls.membership.onChange(() => wake());
    signal.addEventListener('abort', () => wake(), { once: true });
    try {
      await Promise.race([...events, woken]);
    } finally {
      unsubscribe();
      if (timer !== null) clearTimeout(timer);
    }
  }
}

/** Consecutive parts of a share whose prompts fit one message each. */
function splitByTokens(share: readonly number[], requests: readonly GenerationRequest[]): number[][] {
  const parts: number[][] = [];
  let room = 0;
  for (const index of share) {
    const length = requests[index]!.promptTokenIds.length;
    if (length > room) {
      parts.push([]);
      room = MAX_CALL_TOKENS;
    }
    parts.at(-1)!.push(index);
    room -= length;
  }
  return parts;
}

/** Refuses a response that doesn't have the shape, length or version that was asked for. */
function checkResponse(response: WireResponse, options: RolloutOptions): RolloutResponse {
  const { tokenIds, logprobs, policyVersions, finishReason } = response;
  const { maxTokens } = options.sampling;
  const problems: string[] = [];
  const length = tokenIds.length;
  if (length < 1 || length > maxTokens) problems.push(`${length} tokens, not 1 to ${maxTokens}`);
  if (logprobs.length !== length) problems.push(`${logprobs.length} logprobs for ${length} tokens`);
  if (!logprobs.every((logprob) => Number.isFinite(logprob))) problems.push('a logprob that is not finite');
  if (policyVersions.length !== length) problems.push(`${policyVersions.length} policy versions for ${length} tokens`);
  const foreign = policyVersions.find((version) => version !== options.policyVersion);
  if (foreign !== undefined) problems.push(`a token of policy version ${foreign}, not ${options.policyVersion}`);
  if (finishReason !== 'stop' && finishReason !== 'length') problems.push(`finish reason "${finishReason}"`);
  if (problems.length > 0 || (finishReason !== 'stop' && finishReason !== 'length')) {
    throw new RpcError(grpc.status.INTERNAL, `response ${response.requestId} has ${problems.join(', ')}`);
  }
  return { responseTokenIds: tokenIds, rolloutLogprobs: logprobs, finishReason };
}
