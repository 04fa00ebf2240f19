/**
 * The Scorer service over anything that scores batches of sequences: checks what arrives, scores it in chunks, streams
 * results in the order of the request. Knows nothing of models.
 */
import * as grpc from '@grpc/grpc-js';
import type { ScoredText } from '../api/generated/ppo/v1/ScoredText.ts';
import type { ScoreReplyInput } from '../api/generated/ppo/v1/ScoreReply.ts';
import type { ScoreRequest } from '../api/generated/ppo/v1/ScoreRequest.ts';
import type { ScorerHandlers } from '../api/generated/ppo/v1/Scorer.ts';
import type { EpochFence } from '../service/epoch.ts';
import { RpcError, streamHandler } from '../service/rpc.ts';
import { annotate } from '../service/tracing.ts';
import { withinTime } from '../service/within-time.ts';
import type { ScoreKind } from './forward-model.ts';
import type { ScorerMetrics } from './scorer-metrics.ts';
import { readSequences, refuseProblems, type Sequence, type SequenceLimits } from './sequence.ts';

export interface ScorerServiceOptions {
  readonly kind: ScoreKind;
  readonly limits: SequenceLimits;
  readonly fence: EpochFence;
  readonly metrics: ScorerMetrics;
  /** Sequences in one forward pass. */
  readonly microbatchSize: number;
  /** Whether every sequence must come with its text. */
  readonly needsTexts?: boolean;
  /**
   * Time between replies without results while a batch takes longer; null or absent: none, so that a model that is stuck is
   * noticed by its silence.
   */
  readonly keepAliveMs?: number | null;
  /** One row per sequence; texts are as many as sequences where they are needed. */
  readonly score: (sequences: readonly Sequence[], texts: readonly ScoredText[]) => Promise<readonly Float32Array[]>;
  /** Takes the model for a whole request, and gives back how to release it; absent where nothing else uses it. */
  readonly acquire?: () => Promise<() => void>;
}

export function scorerHandlers(options: ScorerServiceOptions): ScorerHandlers {
  return { Score: streamHandler((request, signal) => scoreAll(options, request, signal)) };
}

async function* scoreAll(
  options: ScorerServiceOptions,
  request: ScoreRequest,
  signal: AbortSignal,
): AsyncGenerator<ScoreReplyInput> {
  options.fence.admit(request.epoch);
  if (request.kind !== options.kind) refuseProblems([`kind: found ${request.kind}, this role scores ${options.kind}`]);
  const sequences = readSequences(request.sequences, options.limits);
  checkTexts(request, options.needsTexts ?? false);
  annotate({ 'ppo.kind': options.kind, 'ppo.sequences': sequences.length });
  const release = await options.acquire?.();
  try {
    for (let first = 0; first < sequences.length && !signal.aborted; first += options.microbatchSize) {
      const chunk = sequences.slice(first, first + options.microbatchSize);
      const texts = request.texts.slice(first, first + options.microbatchSize);
      const scored = scoreChunk(options, { sequences: chunk, texts, firstIndex: first });
      while (!(await isSettledWithin(scored, options.keepAliveMs ?? null))) yield { firstIndex: first, results: [] };
      const rows = await scored;
      yield { firstIndex: first, results: rows.map((row) => ({ values: Array.from(row) })) };
    }
  } finally {
    release?.();
  }
}

/** Null: however long it takes. Never rejects. */
async function isSettledWithin(promise: Promise<unknown>, ms: number | null): Promise<boolean> {
  const settled = promise.then(
    () => true,
    () => true,
  );
  return ms === null ? settled : withinTime(settled, ms, 'not yet').catch(() => false);
}

interface Chunk {
  readonly sequences: readonly Sequence[];
  readonly texts: readonly ScoredText[];
  /** In the request. */
  readonly firstIndex: number;
}

async function scoreChunk(
  { kind, metrics, score }: ScorerServiceOptions,
  { sequences, texts, firstIndex }: Chunk,
): Promise<readonly Float32Array[]> {
  try {
    const stop = metrics.seconds.startTimer();
    const rows = await score(sequences, texts);
    stop();
    rows.forEach((row, index) => {
      checkFinite(row, firstIndex + index, kind);
    });
    metrics.sequences.inc(sequences.length);
    metrics.tokens.inc(sequences.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0));
    return rows;
  } catch (error) {
    metrics.errors.inc();
    throw error;
  }
}

function checkTexts({ texts, sequences }: ScoreRequest, areNeeded: boolean): void {
  const allowed = areNeeded ? sequences.length : 0;
  if (texts.length === allowed) return;
  const why = areNeeded ? 'a function scores here, and needs one for each sequence' : 'a model scores here';
  refuseProblems([`texts: found ${texts.length}, allowed ${allowed}: ${why}`]);
}

function checkFinite(row: Float32Array, index: number, kind: ScoreKind): void {
  const wrong = row.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return;
  const what = `${kind} of sequence ${index}, number ${wrong}, is ${row[wrong]}`;
  throw new RpcError(grpc.status.INTERNAL, `${what}: the model's weights are not finite or have diverged`);
}
