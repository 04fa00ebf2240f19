/**
 * Scores of finished responses by one role: logprobs (actor, reference), values (critic), scores (reward). The work is
 * split over the role's replicas always the same way; a replaced replica's share goes to another, or to its replacement.
 * Knows nothing of what the numbers are used for.
 */
import { setTimeout as delay } from 'node:timers/promises';
import * as grpc from '@grpc/grpc-js';
import type { ScoredTextInput } from '../api/generated/ppo/v1/ScoredText.ts';
import { splitEvenly } from '../ppo/balancing.ts';
import { RpcError, stream } from '../service/rpc.ts';
import { type CallContext, type MemberCalls, MemberLostError } from './calls.ts';
import type { Member, WorkerRole } from './membership.ts';
import { together } from './together.ts';

/** A prompt and its response. */
export interface Sequence {
  /** [P + R] */
  readonly tokenIds: readonly number[];
  readonly promptLength: number;
  /** What a reward function gets beside the tokens; absent where none is asked. */
  readonly text?: ScoredText;
}

export interface ScoredText {
  readonly prompt: string;
  readonly answer: string | null;
  readonly isFinished: boolean;
}

export interface ScoringOptions {
  readonly calls: MemberCalls;
  readonly role: WorkerRole;
  readonly kind: 'LOGPROBS' | 'VALUES' | 'REWARDS';
  readonly sequences: readonly Sequence[];
  /** Places of the role: shares are made for them, whoever is alive, so that results never depend on losses. */
  readonly replicas: number;
  /** Longest wait for a replica while there is none. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
  /** Hears of every request that failed, also of those that lost their replica. */
  readonly onFailure?: (role: WorkerRole, error: unknown) => void;
}

/** Tokens in one request. */
const MAX_CALL_TOKENS = 1 << 20;
const MAX_FAILURES = 3;
const RETRY_PAUSE_MS = 200;

/** One row per sequence: [R] for logprobs and values, [1] for rewards. Throws when a share keeps failing. */
export async function score(options: ScoringOptions): Promise<number[][]> {
  const shares = splitEvenly(options.sequences, options.replicas).flatMap((share, index) =>
    splitByTokens(share).map((sequences) => ({ sequences, index })),
  );
  const tasks = shares.map(({ sequences, index }) => (signal: AbortSignal) => {
    return scoreShare({ ...options, sequences, signal }, index);
  });
  return (await together(options.signal, tasks)).flat();
}

function splitByTokens(sequences: readonly Sequence[]): Sequence[][] {
  const parts: Sequence[][] = [];
  let room = 0;
  for (const sequence of sequences) {
    if (sequence.tokenIds.length > room) {
      parts.push([]);
      room = MAX_CALL_TOKENS;
    }
    parts.at(-1)!.push(sequence);
    room -= sequence.tokenIds.length;
  }
  return parts;
}

async function scoreShare(options: ScoringOptions, preferredIndex: number): Promise<number[][]> {
  const { calls, signal } = options;
  for (let failures = 0; ; ) {
    const member = await pickReplica(options, preferredIndex);
    try {
      return await calls.call(member, { signal }, (context) => converse(options, context));
    } catch (error) {
      signal.throwIfAborted();
      options.onFailure?.(options.role, error);
      if (error instanceof MemberLostError) continue;
      failures++;
      if (failures >= MAX_FAILURES) {
        const cause = error instanceof Error ? error.message : String(error);
        const what = `${options.kind.toLowerCase()} of ${options.sequences.length} responses`;
        throw new Error(`${what} could not be computed after ${failures} tries: ${cause}`, { cause: error });
      }
      await delay(RETRY_PAUSE_MS, undefined, { signal }).catch(() => {});
    }
  }
}

async function pickReplica(options: ScoringOptions, preferredIndex: number): Promise<Member> {
  const { membership } = options.calls;
  const { role, waitMs, signal } = options;
  const isThere = await membership.waitUntil(() => membership.alive(role).length > 0, waitMs, signal);
  const alive = membership.alive(role);
  if (!isThere || alive.length === 0) {
    throw new Error(`no ${role} replica for ${waitMs / 1000} s; missing: ${membership.missing([role]).join(', ')}`);
  }
  return alive.find(({ index }) => index === preferredIndex) ?? alive[preferredIndex % alive.length]!;
}

async function converse(options: ScoringOptions, context: CallContext): Promise<number[][]> {
  const client = context.client('Scorer');
  const sequences = options.sequences.map(({ tokenIds, promptLength }) => ({ tokenIds: [...tokenIds], promptLength }));
  const texts = options.sequences.flatMap(({ text }) => (text === undefined ? [] : [wireText(text)]));
  const request = { epoch: context.epoch, kind: options.kind, sequences, texts };
  const rows: number[][] = [];
  for await (const reply of stream(client, client.score, request, context.stream)) {
    if (reply.firstIndex !== rows.length) {
      throw new RpcError(grpc.status.INTERNAL, `results from ${reply.firstIndex} on where ${rows.length} was due`);
    }
    for (const { values } of reply.results) rows.push(checkRow(values, rows.length, options));
  }
  if (rows.length !== sequences.length) {
    throw new RpcError(grpc.status.INTERNAL, `${rows.length} results for ${sequences.length} sequences`);
  }
  return rows;
}

function wireText({ prompt, answer, isFinished }: ScoredText): ScoredTextInput {
  return { prompt, isFinished, ...(answer === null ? {} : { answer }) };
}

function checkRow(values: number[], index: number, { sequences, kind }: ScoringOptions): number[] {
  const sequence = sequences[index];
  if (sequence === undefined) throw new RpcError(grpc.status.INTERNAL, `a result beyond the ${sequences.length} asked`);
  const expected = kind === 'REWARDS' ? 1 : sequence.tokenIds.length - sequence.promptLength;
  if (values.length !== expected) {
    const found = `${values.length} ${kind.toLowerCase()} for sequence ${index}`;
    throw new RpcError(grpc.status.INTERNAL, `${found}, not ${expected}`);
  }
  if (!values.every((value) => Number.isFinite(value))) {
    throw new RpcError(grpc.status.INTERNAL, `${kind.toLowerCase()} of sequence ${index} are not all finite`);
  }
  return values;
}
