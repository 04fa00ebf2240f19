// How good the models are on problems that they never trained on. Pure but for what it is given to ask; refuses to know
// training.
import { Rng } from '../../worker/ppo/rng.ts';
import type { Sequence } from './batches.ts';
import { corrupt } from './corruptions.ts';
import type { Sampler } from './sampler.ts';
import { answerText, isRight, type Problem, promptTokenIds, responseTokenIds } from './task.ts';

/** Share of exact matches, end token included; greedy without `rng`. */
export function answerAccuracy(sampler: Sampler, problems: readonly Problem[], rng: Rng | null): number {
  const responses = sampler.respond(problems.map(promptTokenIds), rng);
  return share(problems.map((problem, i) => isRight(problem, responses[i]!)));
}

export interface RewardAccuracy {
  /** Share of pairs in which the right answer scores higher than a wrong one. */
  readonly pairs: number;
  /**
   * Mean of the shares of right and of wrong answers on their side of the best single threshold. PPO compares scores
   * across prompts, so pairs that are in order prompt by prompt say too little: 97 % of them was not enough.
   */
  readonly balanced: number;
}

/** Right answers against wrong ones: in turn a corruption and one of `responses`, the SFT model's own (where wrong). */
export function rewardAccuracy(
  score: (sequences: readonly Sequence[]) => readonly number[],
  problems: readonly Problem[],
  { responses, seed }: { readonly responses: readonly (readonly number[])[]; readonly seed: number },
): RewardAccuracy {
  const rng = new Rng(seed, 20);
  const candidates = problems.map((problem, i) => (i % 2 === 1 ? responses[i]! : corrupt(problem, rng)));
  const isCandidateRight = problems.map((problem, i) => isRight(problem, candidates[i]!));
  const sequenceOf = (problem: Problem, response: readonly number[]) => ({ prompt: promptTokenIds(problem), response });
  const candidateScores = score(problems.map((problem, i) => sequenceOf(problem, candidates[i]!)));
  const rightScores = score(problems.map((problem) => sequenceOf(problem, responseTokenIds(answerText(problem)))));
  const pairs = candidateScores.flatMap((wrong, i) => (isCandidateRight[i] ? [] : [rightScores[i]! > wrong]));
  const isPositive = [...isCandidateRight, ...rightScores.map(() => true)];
  return { pairs: share(pairs), balanced: balancedAccuracy([...candidateScores, ...rightScores], isPositive) };
}

/** Of the best threshold: positives should score above it. Throws RangeError without both kinds. */
export function balancedAccuracy(scores: readonly number[], isPositive: readonly boolean[]): number {
  const numPositives = isPositive.filter(Boolean).length;
  const numNegatives = isPositive.length - numPositives;
  if (numPositives === 0 || numNegatives === 0) throw new RangeError('internal: right and wrong answers are needed');
  const order = scores.map((_, i) => i).sort((i, j) => scores[i]! - scores[j]!);
  let best = 0.5;
  let positivesBelow = 0;
  let negativesBelow = 0;
  order.forEach((i, place) => {
    if (isPositive[i]) positivesBelow++;
    else negativesBelow++;
    const next = order[place + 1];
    if (next !== undefined && scores[next] === scores[i]) return; // no threshold lies between equals
    best = Math.max(best, (1 - positivesBelow / numPositives + negativesBelow / numNegatives) / 2);
  });
  return best;
}

function share(facts: readonly boolean[]): number {
  return facts.filter(Boolean).length / facts.length;
}
