// The people whose answers the first model imitates: they often forget the carry and often add one too many, so that
// about one answer in three is right. Refuses to know models.
import type { Rng } from '../../worker/ppo/rng.ts';
import { type Problem, responseTokenIds } from './task.ts';

const FORGETS_CARRY = 0.8;
// Always upwards: of a symmetric mistake a model's most likely answer would be the right one in the middle.
const ADDS_ONE = 0.5;

/** An answer with its end token, at most 4 tokens: 199 is the largest. */
export function demonstrate({ a, b }: Problem, rng: Rng): number[] {
  const carries = (a % 10) + (b % 10) >= 10;
  const forgotten = carries && rng.uniform() < FORGETS_CARRY ? 10 : 0;
  const added = rng.uniform() < ADDS_ONE ? 1 : 0;
  return responseTokenIds(String(a + b - forgotten + added));
}
