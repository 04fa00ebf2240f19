// Calls of the Trainer and Scorer services as the coordinator makes them. Knows no test.
import type { ScoredTextInput } from '../../../../worker/api/generated/ppo/v1/ScoredText.ts';
import type { TrainingExperienceInput } from '../../../../worker/api/generated/ppo/v1/TrainingExperience.ts';
import type { TrainResult } from '../../../../worker/api/generated/ppo/v1/TrainResult.ts';
import type { TrainStepInput } from '../../../../worker/api/generated/ppo/v1/TrainStep.ts';
import type { ScoreKind } from '../../../../worker/scoring/forward-model.ts';
import type { Sequence } from '../../../../worker/scoring/sequence.ts';
import { stream, unary } from '../../../../worker/service/rpc.ts';
import type { Experience } from '../../../../worker/training/experience.ts';
import type { RunningWorker } from '../../support/worker-process.ts';

export const EPOCH = 1;
export const OPTIONS = { deadlineMs: 30_000, idleMs: 30_000 };

export function toWire({ tokenIds, promptLength, columns }: Experience): TrainingExperienceInput {
  const arrays = Object.entries(columns).map(([name, numbers]) => [name, Array.from(numbers)] as const);
  return { tokenIds: Array.from(tokenIds), promptLength, ...Object.fromEntries(arrays) };
}

export async function score(
  worker: RunningWorker,
  kind: ScoreKind,
  sequences: readonly Sequence[],
  { epoch = EPOCH, texts = [] }: { readonly epoch?: number; readonly texts?: readonly ScoredTextInput[] } = {},
): Promise<number[][]> {
  const client = worker.client('Scorer');
  const wire = sequences.map(({ tokenIds, promptLength }) => ({ tokenIds: Array.from(tokenIds), promptLength }));
  const rows: number[][] = [];
  const request = { epoch, kind, sequences: wire, texts: [...texts] };
  for await (const { results } of stream(client, client.score, request, OPTIONS)) {
    rows.push(...results.map(({ values }) => values));
  }
  return rows;
}

export async function append(
  worker: RunningWorker,
  iteration: number,
  experiences: readonly Experience[],
  firstIndex = 0,
): Promise<number> {
  const client = worker.client('Trainer');
  const request = { epoch: EPOCH, iteration, firstIndex, experiences: experiences.map(toWire) };
  return (await unary(client, client.appendExperiences, request, OPTIONS)).numExperiences;
}

export function stepOf(numTokens: number, ...microbatches: readonly (readonly number[])[]): TrainStepInput {
  return { numTokens, microbatches: microbatches.map((indices) => ({ experienceIndices: [...indices] })) };
}

export interface Trained {
  readonly result: TrainResult;
  /** stepsDone of each progress message. */
  readonly progress: readonly number[];
}

export async function train(
  worker: RunningWorker,
  iteration: number,
  steps: TrainStepInput[],
  learningRate = 1e-2,
): Promise<Trained> {
  const client = worker.client('Trainer');
  const progress: number[] = [];
  const request = { epoch: EPOCH, iteration, learningRate, steps };
  for await (const reply of stream(client, client.train, request, OPTIONS)) {
    if (reply.result) return { result: reply.result, progress };
    progress.push(reply.progress!.stepsDone);
  }
  throw new Error('the stream ended without a result');
}

export function save(worker: RunningWorker, iteration: number, directory: string) {
  const client = worker.client('Trainer');
  return unary(client, client.saveCheckpoint, { epoch: EPOCH, iteration, directory }, OPTIONS);
}

export function load(worker: RunningWorker, iteration: number, directory: string) {
  const client = worker.client('Trainer');
  return unary(client, client.loadCheckpoint, { epoch: EPOCH, iteration, directory }, OPTIONS);
}

export function exportModel(worker: RunningWorker, directory: string) {
  const client = worker.client('Trainer');
  return unary(client, client.exportModel, { epoch: EPOCH, directory }, OPTIONS);
}

export function publish(worker: RunningWorker, policyVersion: number) {
  const client = worker.client('Trainer');
  return unary(client, client.publishWeights, { epoch: EPOCH, policyVersion }, OPTIONS);
}

/** Forms a process group of these workers, in order of rank, as the coordinator does. */
export async function formGroup(workers: readonly RunningWorker[], group: string, epoch = EPOCH): Promise<void> {
  const root = workers[0]!.client('GroupMember');
  const { uniqueId } = await unary(root, root.createUniqueId, { epoch }, OPTIONS);
  const joins = workers.map((worker, rank) => {
    const client = worker.client('GroupMember');
    const request = { epoch, group, uniqueId, rank, worldSize: workers.length };
    return unary(client, client.joinGroup, request, OPTIONS);
  });
  await Promise.all(joins);
}
