/**
 * A prompt with its response as it is scored and trained on, and the check of those that arrive over the network.
 * Knows nothing of models beyond their limits.
 *
 * Letters: P prompt tokens, R response tokens.
 */
import * as grpc from '@grpc/grpc-js';
import type { ScoredSequence } from '../api/generated/ppo/v1/ScoredSequence.ts';
import { RpcError } from '../service/rpc.ts';

export interface Sequence {
  /** [P + R] */
  readonly tokenIds: Int32Array;
  /** P, at least 1. */
  readonly promptLength: number;
}

export interface SequenceLimits {
  readonly vocabSize: number;
  /** Tokens of the longest sequence. */
  readonly maxPositions: number;
}

const MAX_LISTED = 20;

/** Throws RpcError INVALID_ARGUMENT that lists the problems, if there are any. */
export function refuseProblems(problems: readonly string[]): void {
  if (problems.length === 0) return;
  const listed = problems.slice(0, MAX_LISTED);
  if (problems.length > MAX_LISTED) listed.push(`and ${problems.length - MAX_LISTED} more`);
  throw new RpcError(grpc.status.INVALID_ARGUMENT, listed.join('; '));
}

/** What is wrong with a sequence; `where` is its place in the request. */
export function findSequenceProblems(where: string, sequence: ScoredSequence, limits: SequenceLimits): string[] {
  const { tokenIds, promptLength } = sequence;
  const { vocabSize, maxPositions } = limits;
  const problems: string[] = [];
  if (tokenIds.length < 1 || tokenIds.length > maxPositions) {
    problems.push(`${where}.token_ids: found ${tokenIds.length} tokens, allowed 1 to ${maxPositions} (the model's)`);
  }
  if (promptLength < 1 || promptLength > tokenIds.length) {
    const allowed = `1 to the ${tokenIds.length} tokens of the sequence`;
    problems.push(`${where}.prompt_length: found ${promptLength}, allowed ${allowed}`);
  }
  const wrong = tokenIds.findIndex((id) => id >= vocabSize);
  if (wrong >= 0) {
    const allowed = `0 to ${vocabSize - 1}; use the tokenizer of this model`;
    problems.push(`${where}.token_ids[${wrong}]: found ${tokenIds[wrong]}, allowed ${allowed}`);
  }
  return problems;
}

/** Checks what arrived. Throws RpcError INVALID_ARGUMENT with every problem. */
export function readSequences(wire: readonly ScoredSequence[], limits: SequenceLimits): Sequence[] {
  refuseProblems(wire.flatMap((sequence, index) => findSequenceProblems(`sequences[${index}]`, sequence, limits)));
  return wire.map(toSequence);
}

export function toSequence({ tokenIds, promptLength }: ScoredSequence): Sequence {
  return { tokenIds: Int32Array.from(tokenIds), promptLength };
}

/** R */
export function responseLength(sequence: Sequence): number {
  return sequence.tokenIds.length - sequence.promptLength;
}
