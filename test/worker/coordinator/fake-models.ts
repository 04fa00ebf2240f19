/**
 * The mathematics of the fake workers: a "policy" is one number, and tokens, logprobs, values and scores are hashes of it
 * and of what came before. Small, deterministic, and different for every weight, so that a wrong version, seed or order
 * shows in the results. Knows nothing of gRPC.
 */
import { crc32 } from 'node:zlib';
import { deriveSeed, Rng } from '../../../worker/ppo/rng.ts';

export const EOS = 2;
const FIRST_DIGIT = 3;
const NUM_DIGITS = 10;

/** A weight as an integer that a hash can take. */
function bits(weight: number): number {
  return crc32(Buffer.from(new Float64Array([weight]).buffer));
}

export function checksumOf(weight: number): number {
  return bits(weight);
}

/** Uniform over (0, 1], by everything it is made of. */
function unit(...path: readonly number[]): number {
  return (deriveSeed(...path) + 1) / 2 ** 32;
}

/** Log probability of the token at `position` given what precedes it; float32, as on the wire. */
export function logprobAt(weight: number, tokenIds: readonly number[], position: number): number {
  return Math.fround(Math.log(unit(bits(weight), ...tokenIds.slice(0, position + 1))));
}

export function valueAt(weight: number, tokenIds: readonly number[], position: number): number {
  return Math.fround(unit(7, bits(weight), ...tokenIds.slice(0, position)) - 0.5);
}

export function scoreOf(tokenIds: readonly number[]): number {
  return Math.fround(4 * unit(9, ...tokenIds) - 2);
}

export interface FakeResponse {
  readonly tokenIds: number[];
  readonly logprobs: number[];
  readonly finishReason: 'stop' | 'length';
}

/** A response of digits, ended by EOS or by its length. Greedy ignores the seed. */
export function respond(
  weight: number,
  promptTokenIds: readonly number[],
  sampling: { readonly seed: number; readonly maxTokens: number; readonly temperature: number },
): FakeResponse {
  const seed = sampling.temperature === 0 ? 0 : sampling.seed;
  const rng = new Rng(seed, bits(weight), ...promptTokenIds);
  const sequence = [...promptTokenIds];
  const tokenIds: number[] = [];
  const logprobs: number[] = [];
  while (tokenIds.length < sampling.maxTokens && tokenIds.at(-1) !== EOS) {
    const token = tokenIds.length > 0 && rng.uniform() < 0.4 ? EOS : FIRST_DIGIT + rng.nextInt(NUM_DIGITS);
    sequence.push(token);
    tokenIds.push(token);
    logprobs.push(logprobAt(weight, sequence, sequence.length - 1));
  }
  return { tokenIds, logprobs, finishReason: tokenIds.at(-1) === EOS ? 'stop' : 'length' };
}

/** One optimizer step: the weight moves by the mean of what it learns from, in the order given. */
export function step(
  weight: number,
  targets: readonly (readonly number[])[],
  options: { numTokens: number; rate: number },
): number {
  let sum = 0;
  for (const row of targets) for (const target of row) sum += target;
  return weight + (options.rate * sum) / Math.max(1, options.numTokens) + options.rate / 100;
}
