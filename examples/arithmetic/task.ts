// The task: sums of two numbers from 0 to 99, written with one token per character, and the shape of the models that
// learn it. Knows the right answers and who may see which question; refuses to know how anything is learned.
import type { ModelConfig } from '../../worker/models/config.ts';
import type { CharacterVocabulary } from '../../worker/models/tokenizer-json.ts';
import { Rng } from '../../worker/ppo/rng.ts';

/** The question "a+b=". */
export interface Problem {
  readonly a: number;
  readonly b: number;
}

export const VOCABULARY: CharacterVocabulary = {
  tokens: ['<pad>', '<s>', '</s>', ...'0123456789+=', '<unk>'],
  padToken: '<pad>',
  bosToken: '<s>',
  eosToken: '</s>',
  unknownToken: '<unk>',
};
export const PAD_ID = 0;
export const BOS_ID = 1;
export const EOS_ID = 2;

/** "99+99=" and the begin token. */
export const MAX_PROMPT_TOKENS = 7;
/** One more than "198" and the end token, so that an answer can be seen not to end. */
export const MAX_RESPONSE_TOKENS = 5;
/** T of a prompt with its response. */
export const MAX_SEQUENCE_TOKENS = MAX_PROMPT_TOKENS + MAX_RESPONSE_TOKENS;

/** About 0.3 million parameters. */
export const MODEL_CONFIG: ModelConfig = {
  modelType: 'llama',
  vocabSize: VOCABULARY.tokens.length,
  hiddenSize: 96,
  intermediateSize: 256,
  numLayers: 3,
  numHeads: 4,
  numKvHeads: 2,
  headDim: 24,
  rmsNormEps: 1e-5,
  ropeTheta: 10_000,
  maxPositions: 32,
  tieWordEmbeddings: false,
  attentionBias: false,
  bosTokenId: BOS_ID,
  eosTokenIds: [EOS_ID],
  padTokenId: PAD_ID,
  scoreMean: 0,
  scoreStd: 1,
};

const NUM_HELDOUT = 1000;
/** Not the seed of a run: every run of every seed keeps the same questions back. */
const SPLIT_SEED = 1234;

/** All 10,000 problems, 1,000 of them held out: no model here and no PPO job trains on those. */
export function splitProblems(): { readonly train: readonly Problem[]; readonly heldout: readonly Problem[] } {
  const shuffled = new Rng(SPLIT_SEED).permutation(10_000).map((n) => ({ a: Math.floor(n / 100), b: n % 100 }));
  return { heldout: shuffled.slice(0, NUM_HELDOUT), train: shuffled.slice(NUM_HELDOUT) };
}

export function promptText({ a, b }: Problem): string {
  return `${a}+${b}=`;
}

export function answerText({ a, b }: Problem): string {
  return String(a + b);
}

/** One token a character, without special tokens. Throws RangeError for any other character. */
export function textTokenIds(text: string): number[] {
  return [...text].map((character) => {
    const id = VOCABULARY.tokens.indexOf(character);
    if (id < 0) throw new RangeError(`internal: ${JSON.stringify(character)} is not a character of the task`);
    return id;
  });
}

/** With the begin token, as the tokenizer gives it. */
export function promptTokenIds(problem: Problem): number[] {
  return [BOS_ID, ...textTokenIds(promptText(problem))];
}

/** A response with its end token. */
export function responseTokenIds(text: string): number[] {
  return [...textTokenIds(text), EOS_ID];
}

/** Exact match, the end token included. */
export function isRight(problem: Problem, response: readonly number[]): boolean {
  const right = responseTokenIds(answerText(problem));
  return response.length === right.length && right.every((id, i) => id === response[i]);
}

/** Problems without end: each once per epoch, in a fresh order. */
export class ProblemStream {
  readonly #problems: readonly Problem[];
  readonly #rng: Rng;
  #remaining: number[] = [];

  constructor(problems: readonly Problem[], rng: Rng) {
    this.#problems = problems;
    this.#rng = rng;
  }

  take(count: number): Problem[] {
    return Array.from({ length: count }, () => {
      if (this.#remaining.length === 0) this.#remaining = this.#rng.permutation(this.#problems.length);
      return this.#problems[this.#remaining.pop()!]!;
    });
  }
}
