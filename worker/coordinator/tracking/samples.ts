/** Which of an iteration's responses trackers show, and how they read. Knows no tracker. */

import type { ScoredRollout } from '../experience.ts';
import type { GenerationRequest } from '../rollout.ts';
import type { ResponseSample } from './tracker.ts';

export interface SampleOptions {
  readonly count: number;
  readonly samplesPerPrompt: number;
  readonly decode: (tokenIds: readonly number[]) => string;
}

/** The first `count` responses, of as many prompts as can be. */
export function pickSamples(
  requests: readonly GenerationRequest[],
  { responses, scores }: Pick<ScoredRollout, 'responses' | 'scores'>,
  { count, samplesPerPrompt, decode }: SampleOptions,
): ResponseSample[] {
  const numPrompts = requests.length / samplesPerPrompt;
  return Array.from({ length: Math.min(count, requests.length) }, (_, i) => {
    const index = (i % numPrompts) * samplesPerPrompt + Math.floor(i / numPrompts);
    return {
      prompt: decode(requests[index]!.promptTokenIds),
      response: decode(responses[index]!.responseTokenIds),
      score: scores[index]![0]!,
    };
  });
}
