// Wrong answers of many kinds, near misses above all, for the reward model to reject. Refuses to know models.
import type { Rng } from '../../worker/ppo/rng.ts';
import { answerText, MAX_RESPONSE_TOKENS, type Problem, responseTokenIds, textTokenIds } from './task.ts';

const FAR_MISSES = [2, 9, 11, 20, 99, 100];
const STRAY_CHARACTERS = '+=01';

/** Gives a text that may happen to be right, empty or negative: it's drawn again then. */
type Corruption = (right: string, rng: Rng) => string;

/** With the share of each; what is left are answers that don't end. */
const CORRUPTIONS: readonly (readonly [share: number, corruption: Corruption])[] = [
  [0.25, (right, rng) => String(Number(right) + sign(rng))],
  [0.25, (right, rng) => String(Number(right) + 10 * sign(rng))],
  [0.1, (right, rng) => String(Number(right) + sign(rng) * pick(FAR_MISSES, rng))],
  [0.2, (right, rng) => splice(right, rng.nextInt(right.length), 1, digit(rng))],
  [0.05, (_, rng) => String(rng.nextInt(199))],
  [0.05, (right, rng) => splice(right, rng.nextInt(right.length + 1), 0, digit(rng))],
  [0.04, (right, rng) => splice(right, rng.nextInt(right.length), 1, '')],
  [0.03, (right, rng) => right + pick([...STRAY_CHARACTERS], rng)],
];

/** A wrong answer of at most 5 tokens, with its end token unless not ending is what is wrong with it. */
export function corrupt(problem: Problem, rng: Rng): number[] {
  const right = answerText(problem);
  for (;;) {
    const corruption = draw(rng);
    if (corruption === null) return endless(right, rng);
    const text = corruption(right, rng);
    if (text !== '' && text !== right && !text.startsWith('-')) return responseTokenIds(text);
  }
}

function draw(rng: Rng): Corruption | null {
  let remaining = rng.uniform();
  for (const [share, corruption] of CORRUPTIONS) {
    if (remaining < share) return corruption;
    remaining -= share;
  }
  return null;
}

/** The right answer and any characters after it, up to the limit. */
function endless(right: string, rng: Rng): number[] {
  const characters = [...'0123456789+='];
  const tail = Array.from({ length: MAX_RESPONSE_TOKENS - right.length }, () => pick(characters, rng));
  return textTokenIds(right + tail.join(''));
}

function sign(rng: Rng): number {
  return rng.nextInt(2) === 0 ? 1 : -1;
}

function digit(rng: Rng): string {
  return String(rng.nextInt(10));
}

function pick<T>(items: readonly T[], rng: Rng): T {
  return items[rng.nextInt(items.length)]!;
}

function splice(text: string, start: number, numRemoved: number, inserted: string): string {
  return text.slice(0, start) + inserted + text.slice(start + numRemoved);
}
