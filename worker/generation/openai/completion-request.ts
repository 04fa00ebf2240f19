/**
 * The body of POST /v1/completions: OpenAI's fields, with vLLM's top_k, stop_token_ids and ignore_eos. A field that this
 * server doesn't do is refused, never ignored. Knows nothing of engines or sockets.
 * Source: platform.openai.com/docs/api-reference/completions/create.
 */
import { z } from 'zod';
import { OpenAiError } from './openai-error.ts';

/** Choices in one answer, over all prompts. */
const MAX_CHOICES = 1024;
const MAX_STOP_STRINGS = 4;
const MAX_TOP_LOGPROBS = 5;
const DEFAULT_MAX_TOKENS = 16;

const tokenIds = z.array(z.int().min(0)).min(1);
const off = <T extends z.core.util.Literal>(value: T) => z.literal(value).nullish();

const bodySchema = z.strictObject({
  model: z.string(),
  prompt: z.union([z.string(), tokenIds, z.array(z.string()).min(1), z.array(tokenIds).min(1)]),
  max_tokens: z.int().min(1).nullish(),
  temperature: z.number().min(0).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  /** vLLM: -1 and 0 are off. */
  top_k: z.int().min(-1).nullish(),
  n: z.int().min(1).max(MAX_CHOICES).nullish(),
  seed: z.int().nullish(),
  stop: z.union([z.string().min(1), z.array(z.string().min(1)).max(MAX_STOP_STRINGS)]).nullish(),
  stop_token_ids: z.array(z.int().min(0)).nullish(),
  ignore_eos: z.boolean().nullish(),
  logprobs: z.int().min(0).max(MAX_TOP_LOGPROBS).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.strictObject({ include_usage: z.boolean().nullish() }).nullish(),
  user: z.string().nullish(),
  // What OpenAI has and this server hasn't, at the value that asks for nothing.
  echo: off(false),
  suffix: off(''),
  best_of: off(1),
  presence_penalty: off(0),
  frequency_penalty: off(0),
  logit_bias: z.strictObject({}).nullish(),
});

export interface CompletionRequest {
  readonly model: string;
  /** Text, or token ids. */
  readonly prompts: readonly (string | readonly number[])[];
  /** null: the default, as far as there is room. */
  readonly maxTokens: number | null;
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
  readonly numChoices: number;
  readonly seed: number | null;
  readonly stopStrings: readonly string[];
  readonly stopTokenIds: readonly number[];
  readonly ignoresEos: boolean;
  /** null: no logprobs; 0: of the sampled tokens alone. */
  readonly numTopLogprobs: number | null;
  readonly isStreaming: boolean;
  readonly includesUsage: boolean;
}

/** Checks a parsed JSON body. Throws OpenAiError 400 that lists every problem. */
export function parseCompletionRequest(json: unknown): CompletionRequest {
  const parsed = bodySchema.safeParse(json);
  if (!parsed.success) throw invalid(parsed.error.issues);
  const body = parsed.data;
  const prompts = listPrompts(body.prompt);
  const numChoices = body.n ?? 1;
  if (prompts.length * numChoices > MAX_CHOICES) {
    const found = `${prompts.length} prompts with n ${numChoices}`;
    throw new OpenAiError(400, `found ${found}, allowed ${MAX_CHOICES} choices in all`, { param: 'n' });
  }
  return {
    model: body.model,
    prompts,
    maxTokens: body.max_tokens ?? null,
    temperature: body.temperature ?? 1,
    topP: body.top_p ?? 1,
    topK: Math.max(0, body.top_k ?? 0),
    numChoices,
    seed: body.seed ?? null,
    stopStrings: [body.stop ?? []].flat(),
    stopTokenIds: body.stop_token_ids ?? [],
    ignoresEos: body.ignore_eos ?? false,
    numTopLogprobs: body.logprobs ?? null,
    isStreaming: body.stream ?? false,
    includesUsage: body.stream_options?.include_usage ?? false,
  };
}

/** Response tokens to make at most, given how many fit. */
export function maxTokensOf({ maxTokens }: CompletionRequest, room: number): number {
  return maxTokens ?? Math.max(1, Math.min(DEFAULT_MAX_TOKENS, room));
}

function listPrompts(prompt: z.infer<typeof bodySchema>['prompt']): (string | number[])[] {
  if (typeof prompt === 'string') return [prompt];
  return typeof prompt[0] === 'number' ? [prompt as number[]] : (prompt as (string | number[])[]);
}

function invalid(issues: readonly z.core.$ZodIssue[]): OpenAiError {
  const lines = issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
  const param = issues[0]?.path[0];
  return new OpenAiError(400, lines.join('; '), param === undefined ? {} : { param: String(param) });
}
