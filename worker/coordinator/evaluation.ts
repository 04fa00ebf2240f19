/**
 * Held-out accuracy: greedy responses to prompts that are never trained on, and the share of them that is right. Only
 * measured: nothing here reaches training. Knows nothing of when an evaluation is due.
 */
import type { PromptRecord } from './dataset.ts';
import { generate, type RolloutOptions, type RolloutResponse } from './rollout.ts';

export interface EvaluationOptions extends Omit<RolloutOptions, 'requests'> {
  readonly records: readonly PromptRecord[];
  /** Whether each response, in the order of the records, is right. */
  readonly judge: (responses: readonly RolloutResponse[]) => Promise<readonly boolean[]>;
}

/** Share of right responses, 0..1. */
export async function evaluate(options: EvaluationOptions): Promise<number> {
  const { records, judge } = options;
  const requests = records.map(({ promptTokenIds }) => ({ promptTokenIds, seed: 0 }));
  const sampling = { ...options.sampling, temperature: 0, topP: 1, topK: 0 };
  const responses = await generate({ ...options, requests, sampling });
  const verdicts = await judge(responses);
  return verdicts.filter((isRight) => isRight).length / records.length;
}

/** Whether a response says the answer and nothing else; space around either doesn't count. */
export function isExact(
  response: RolloutResponse,
  record: PromptRecord,
  decode: (tokenIds: readonly number[]) => string,
): boolean {
  return record.answer !== null && decode(response.responseTokenIds).trim() === record.answer.trim();
}
