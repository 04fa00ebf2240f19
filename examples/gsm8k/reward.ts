/**
 * The reward of GSM8K: 1 where the response's final number is the answer's, else 0. The final number is the one behind the
 * last "####", as the dataset writes it, or else the last one in a \boxed{}; a response that names none, or that the token
 * limit cut off, has none. Runs in the reward pods; knows nothing of PPO.
 */

interface RewardInput {
  readonly prompt: string;
  readonly response: string;
  /** The number alone, as prepare.ts writes it; null where a line has none. */
  readonly answer: string | null;
  /** Whether the response ended by itself, not at the token limit. */
  readonly isFinished: boolean;
}

const NUMBER = String.raw`-?\$?\s*(-?\d[\d,]*(?:\.\d+)?)`;
const MARKED = new RegExp(String.raw`####\s*${NUMBER}`, 'g');
const BOXED = new RegExp(String.raw`\\boxed\{\s*${NUMBER}`, 'g');

export function score({ response, answer, isFinished }: RewardInput): number {
  if (!isFinished || answer === null) return 0;
  const found = finalNumber(response);
  return found !== null && found === toNumber(answer) ? 1 : 0;
}

/** The number that a solution ends in; null where it marks none. */
export function finalNumber(solution: string): number | null {
  for (const pattern of [MARKED, BOXED]) {
    const last = [...solution.matchAll(pattern)].at(-1);
    if (last !== undefined) return toNumber(last[0].replace(/^(####|\\boxed\{)/, ''));
  }
  return null;
}

/** "$1,234.50" is 1234.5; NaN, which equals nothing, where there is no number. */
function toNumber(text: string): number {
  return Number.parseFloat(text.replaceAll(/[\s$,]/g, ''));
}
