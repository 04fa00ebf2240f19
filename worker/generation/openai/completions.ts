/**
 * POST /v1/completions: prompts into the engine, choices out of it, whole or piece by piece. Knows OpenAI's objects;
 * refuses to know HTTP.
 */
import { randomInt, randomUUID } from 'node:crypto';
import type { ModelConfig } from '../../models/config.ts';
import type { Tokenizer } from '../../models/tokenizer.ts';
import { deriveSeed } from '../../ppo/rng.ts';
import type { EngineClient, NewSequence } from '../engine-client.ts';
import { checkPrompt, checkSampling, type GenerationLimits, listProblems } from '../request-check.ts';
import type { Submission } from '../submission.ts';
import { type ChoiceBody, CompletionChoice } from './completion-choice.ts';
import { type CompletionRequest, maxTokensOf } from './completion-request.ts';
import { OpenAiError } from './openai-error.ts';

/** An engine that makes no token for so long has failed. */
const IDLE_TIMEOUT_MS = 60_000;

export interface CompletionsOptions {
  readonly engine: EngineClient;
  readonly config: ModelConfig;
  readonly tokenizer: Tokenizer;
  /** The name that requests call the model by. */
  readonly modelName: string;
  readonly limits: GenerationLimits;
}

interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

export interface CompletionBody {
  readonly id: string;
  readonly object: 'text_completion';
  /** Seconds since 1970. */
  readonly created: number;
  readonly model: string;
  /** Names the weights at the time of the request. */
  readonly system_fingerprint: string;
  readonly choices: readonly ChoiceBody[];
  readonly usage?: Usage | null;
}

export class Completion {
  readonly request: CompletionRequest;
  readonly #prompts: readonly (readonly number[])[];
  readonly #submission: Submission;
  readonly #choices: readonly CompletionChoice[];
  readonly #head: Omit<CompletionBody, 'choices' | 'usage'>;

  /** Starts generating. Throws OpenAiError: 404 for another model, 400 with every problem, 429 for too much at once. */
  constructor(request: CompletionRequest, options: CompletionsOptions) {
    const { engine, modelName, tokenizer } = options;
    this.request = request;
    if (request.model !== modelName) {
      const message = `The model "${request.model}" does not exist; this server has "${modelName}"`;
      throw new OpenAiError(404, message, { param: 'model', code: 'model_not_found' });
    }
    this.#prompts = encodePrompts(request, tokenizer);
    const sequences = planSequences(request, this.#prompts, options);
    if (engine.numUnfinished + sequences.length > options.limits.maxUnfinished) {
      throw new OpenAiError(429, `${engine.numUnfinished} sequences are unfinished; try again later`);
    }
    this.#head = {
      id: `cmpl-${randomUUID()}`,
      object: 'text_completion',
      created: Math.floor(Date.now() / 1000),
      model: modelName,
      system_fingerprint: `policy-version-${engine.policyVersion}`,
    };
    const { stopStrings, numTopLogprobs } = request;
    this.#choices = sequences.map(
      (_, index) => new CompletionChoice({ index, tokenizer, stopStrings, hasLogprobs: numTopLogprobs !== null }),
    );
    this.#submission = engine.submit(sequences);
  }

  /** Gives up what isn't finished. */
  cancel(): void {
    this.#submission.cancel();
  }

  /** The whole answer. Throws OpenAiError 500 where the engine fails. */
  async whole(): Promise<CompletionBody> {
    for await (const _ of this.#advances()) {
      // Choices keep what they are told.
    }
    return { ...this.#head, choices: this.#choices.map((choice) => choice.take()!), usage: this.#usage() };
  }

  /** The answer in pieces, one choice each; then the usage, where it was asked for. */
  async *pieces(): AsyncGenerator<CompletionBody> {
    const { includesUsage } = this.request;
    const usage = includesUsage ? { usage: null } : {};
    for await (const choice of this.#advances()) {
      const body = choice.take();
      if (body !== null) yield { ...this.#head, choices: [body], ...usage };
    }
    if (includesUsage) yield { ...this.#head, choices: [], usage: this.#usage() };
  }

  /** Yields a choice after each change, until all have ended or the completion was cancelled. */
  async *#advances(): AsyncGenerator<CompletionChoice> {
    try {
      while (!this.#submission.isOver) {
        const event = await this.#submission.next(IDLE_TIMEOUT_MS);
        if (event === null) {
          if (this.#submission.isOver) return;
          throw new OpenAiError(500, `no token for ${IDLE_TIMEOUT_MS / 1000} s`);
        }
        const choice = this.#choices[event.index]!;
        if (event.kind === 'token') choice.push(event.token);
        else if (event.sequence.finishReason === 'abort')
          throw new OpenAiError(500, 'the probabilities are not finite');
        else choice.finish(event.sequence.finishReason);
        if (event.kind === 'token' && choice.isFinished) this.#submission.cancelOne(event.index);
        yield choice;
      }
    } finally {
      this.#submission.cancel();
    }
  }

  #usage(): Usage {
    const promptTokens = this.#prompts.reduce((sum, prompt) => sum + prompt.length, 0);
    const completionTokens = this.#choices.reduce((sum, { numTokens }) => sum + numTokens, 0);
    return {
      prompt_tokens: promptTokens,
      completion_tokens: completionTokens,
      total_tokens: promptTokens + completionTokens,
    };
  }
}

function encodePrompts(request: CompletionRequest, tokenizer: Tokenizer): (readonly number[])[] {
  try {
    return request.prompts.map((prompt) => (typeof prompt === 'string' ? tokenizer.encode(prompt) : prompt));
  } catch (error) {
    if (error instanceof RangeError) throw new OpenAiError(400, error.message, { param: 'prompt', cause: error });
    throw error;
  }
}

/** Choice c of prompt p at place p * n + c, as OpenAI numbers them. */
function planSequences(
  request: CompletionRequest,
  prompts: readonly (readonly number[])[],
  { config, limits }: CompletionsOptions,
): NewSequence[] {
  const { temperature, topP, topK, numChoices, numTopLogprobs } = request;
  const longest = Math.max(...prompts.map(({ length }) => length));
  const stopTokenIds = [...request.stopTokenIds, ...(request.ignoresEos ? [] : config.eosTokenIds)];
  const maxTokens = maxTokensOf(request, limits.cacheTokens - longest);
  const sampling = { maxTokens, temperature, topP, topK, stopTokenIds };
  const problems = checkSampling(sampling, limits);
  prompts.forEach((prompt, index) => {
    problems.push(...checkPrompt(`prompt[${index}]`, prompt, maxTokens, limits));
  });
  if (problems.length > 0) throw new OpenAiError(400, listProblems(problems));
  // The first choice's tokens are those that the Generation service makes with the same seed.
  const seed = (request.seed ?? randomInt(2 ** 32)) >>> 0;
  return prompts.flatMap((promptTokenIds) =>
    Array.from({ length: numChoices }, (_, choice) => ({
      promptTokenIds,
      seed: choice === 0 ? seed : deriveSeed(seed, choice),
      sampling,
      isStreaming: true,
      numTopLogprobs: numTopLogprobs ?? 0,
    })),
  );
}
