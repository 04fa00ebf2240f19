/**
 * Held-out exact match: greedy responses to prompts that are never trained on, decoded and compared with the answers.
 * Only measured: nothing here reaches training. Knows nothing of when an evaluation is due.
 */
import type { PromptRecord } from './dataset.ts';
import { generate, type RolloutOptions, type RolloutResponse } from './rollout.ts';

export interface EvaluationOptions extends Omit<RolloutOptions, 'requests'> {
  readonly records: readonly PromptRecord[];
  /** Without special tokens. */
  readonly decode: (tokenIds: readonly number[]) => string;
}

/** Share of exact matches, 0..1. */
export async function evaluate(options: EvaluationOptions): Promise<number> {
  const { records, decode } = options;
  const requests = records.map(({ promptTokenIds }) => ({ promptTokenIds, seed: 0 }));
  const sampling = { ...options.sampling, temperature: 0, topP: 1, topK: 0 };
  const responses = await generate({ ...options, requests, sampling });
  return responses.filter((response, i) => isExact(response, records[i]!, decode)).length / records.length;
}

/** Whether a response says the answer and nothing else; space around either doesn't count. */
export function isExact(
  response: RolloutResponse,
  record: PromptRecord,
  decode: (tokenIds: readonly number[]) => string,
): boolean {
  return record.answer !== null && decode(response.responseTokenIds).trim() === record.answer.trim();
}
