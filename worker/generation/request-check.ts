/**
 * What a generation server accepts: prompts that fit the vocabulary and the cache, sampling parameters that mean
 * something. Finds all problems at once. Knows no protocol.
 */
import type { SamplingParams } from './sequence.ts';

export interface GenerationLimits {
  readonly vocabSize: number;
  /** Prompt and response together. */
  readonly cacheTokens: number;
  /** Sequences that may wait or run at once. */
  readonly maxUnfinished: number;
}

const MIN_TEMPERATURE = 0.001;
const MAX_TEMPERATURE = 1000;
const MAX_LISTED = 20;

/** Every problem: where, found, allowed. */
export function checkSampling(sampling: SamplingParams, limits: GenerationLimits): string[] {
  const { maxTokens, temperature, topP, topK, stopTokenIds } = sampling;
  const { vocabSize, cacheTokens } = limits;
  const problems: string[] = [];
  if (!(Number.isInteger(maxTokens) && maxTokens >= 1 && maxTokens < cacheTokens)) {
    problems.push(`max_tokens: found ${maxTokens}, allowed 1 to ${cacheTokens - 1}`);
  }
  if (temperature !== 0 && !(temperature >= MIN_TEMPERATURE && temperature <= MAX_TEMPERATURE)) {
    const allowed = `0 (greedy), or ${MIN_TEMPERATURE} to ${MAX_TEMPERATURE}`;
    problems.push(`temperature: found ${temperature}, allowed ${allowed}`);
  }
  if (!(topP > 0 && topP <= 1)) problems.push(`top_p: found ${topP}, allowed above 0, up to 1 (off)`);
  if (!(Number.isInteger(topK) && topK >= 0)) problems.push(`top_k: found ${topK}, allowed 0 (off) or a whole number`);
  const foreign = stopTokenIds.filter((id) => !isToken(id, vocabSize));
  if (foreign.length > 0) {
    problems.push(`stop_token_ids: found ${foreign.slice(0, 5)}, allowed 0 to ${vocabSize - 1}`);
  }
  return problems;
}

/** Every problem of one prompt; `where` names it. */
export function checkPrompt(
  where: string,
  tokenIds: readonly number[],
  maxTokens: number,
  { vocabSize, cacheTokens }: GenerationLimits,
): string[] {
  const problems: string[] = [];
  const room = cacheTokens - maxTokens;
  if (tokenIds.length === 0 || tokenIds.length > room) {
    const allowed = `1 to ${room} (the cache holds ${cacheTokens}, of which max_tokens takes ${maxTokens})`;
    problems.push(`${where}: found ${tokenIds.length} tokens, allowed ${allowed}`);
  }
  const foreign = tokenIds.find((id) => !isToken(id, vocabSize));
  if (foreign !== undefined) problems.push(`${where}: found token ${foreign}, allowed 0 to ${vocabSize - 1}`);
  return problems;
}

/** One text of many problems, cut to a readable length. */
export function listProblems(problems: readonly string[]): string {
  const listed = problems.slice(0, MAX_LISTED);
  if (problems.length > MAX_LISTED) listed.push(`and ${problems.length - MAX_LISTED} more`);
  return listed.join('; ');
}

function isToken(id: number, vocabSize: number): boolean {
  return Number.isInteger(id) && id >= 0 && id < vocabSize;
}
