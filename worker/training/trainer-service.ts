/**
 * The Trainer service: what arrives is admitted by its epoch, checked for size and shape, and handed to the trainer.
 * Knows nothing of threads or models.
 */
import * as grpc from '@grpc/grpc-js';
import type { TrainerHandlers } from '../api/generated/ppo/v1/Trainer.ts';
import type { TrainReplyInput } from '../api/generated/ppo/v1/TrainReply.ts';
import type { TrainRequest } from '../api/generated/ppo/v1/TrainRequest.ts';
import type { SequenceLimits } from '../scoring/sequence.ts';
import type { EpochFence } from '../service/epoch.ts';
import { RpcError, streamHandler, unaryHandler } from '../service/rpc.ts';
import { readExperiences } from './experience.ts';
import type { ColumnName } from './objectives/objective.ts';
import type { Trainer } from './trainer.ts';

export interface TrainerServiceOptions {
  readonly trainer: Trainer;
  readonly fence: EpochFence;
  readonly limits: SequenceLimits;
  readonly columns: readonly ColumnName[];
}

export function trainerHandlers({ trainer, fence, limits, columns }: TrainerServiceOptions): TrainerHandlers {
  return {
    AppendExperiences: unaryHandler(async ({ epoch, iteration, firstIndex, experiences }) => {
      fence.admit(epoch);
      const read = readExperiences(experiences, columns, limits);
      return { numExperiences: await trainer.append(iteration, firstIndex, read) };
    }),
    Train: streamHandler((request, signal) => train(trainer, fence, request, signal)),
    SaveCheckpoint: unaryHandler(async ({ epoch, iteration, directory }) => {
      fence.admit(epoch);
      return withStatus(() => trainer.save(iteration, directory));
    }),
    LoadCheckpoint: unaryHandler(async ({ epoch, iteration, directory }) => {
      fence.admit(epoch);
      return withStatus(() => trainer.load(iteration, directory));
    }),
    ExportModel: unaryHandler(async ({ epoch, directory }) => {
      fence.admit(epoch);
      return { bytes: await trainer.export(directory) };
    }),
    PublishWeights: unaryHandler(async ({ epoch, policyVersion }) => {
      fence.admit(epoch);
      return trainer.publish(policyVersion);
    }),
  };
}

async function* train(
  trainer: Trainer,
  fence: EpochFence,
  request: TrainRequest,
  signal: AbortSignal,
): AsyncGenerator<TrainReplyInput> {
  fence.admit(request.epoch);
  yield* trainer.train(request, signal);
}

/** checkpoint-files.ts names its errors as gRPC does; only the name crosses from the compute thread. */
async function withStatus<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    const code = error instanceof Error && error.name === 'CheckpointError' && 'code' in error ? error.code : null;
    if (code !== 'NOT_FOUND' && code !== 'DATA_LOSS' && code !== 'FAILED_PRECONDITION') throw error;
    throw new RpcError(grpc.status[code], (error as Error).message, { cause: error });
  }
}
