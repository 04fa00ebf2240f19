/**
 * The Coordinator service on the wire: registrations and heartbeats into the membership, progress and figures out.
 * Decides nothing itself.
 */
import * as grpc from '@grpc/grpc-js';
import type { CoordinatorHandlers } from '../api/generated/ppo/v1/Coordinator.ts';
import type { HeartbeatReplyInput } from '../api/generated/ppo/v1/HeartbeatReply.ts';
import type { HeartbeatRequest } from '../api/generated/ppo/v1/HeartbeatRequest.ts';
import type { ReadFiguresReplyInput } from '../api/generated/ppo/v1/ReadFiguresReply.ts';
import type { ReadFiguresRequest } from '../api/generated/ppo/v1/ReadFiguresRequest.ts';
import type { RegisterReplyInput } from '../api/generated/ppo/v1/RegisterReply.ts';
import type { RegisterRequest } from '../api/generated/ppo/v1/RegisterRequest.ts';
import { RpcError, streamHandler, unaryHandler } from '../service/rpc.ts';
import type { FigureHistory } from './figure-history.ts';
import type { Membership } from './membership.ts';
import type { ProgressBoard } from './progress.ts';

export interface CoordinatorParts {
  readonly membership: Membership;
  readonly progress: ProgressBoard;
  readonly figures: FigureHistory;
}

export function coordinatorHandlers({ membership, progress, figures }: CoordinatorParts): CoordinatorHandlers {
  return {
    Register: unaryHandler<RegisterRequest, RegisterReplyInput>(async ({ member, lastEpoch }) => {
      if (member === null) throw new RpcError(grpc.status.INVALID_ARGUMENT, 'member is not set');
      membership.register(member, lastEpoch);
      return { epoch: membership.epoch, complete: membership.isComplete, members: membership.everyone() };
    }),
    Heartbeat: unaryHandler<HeartbeatRequest, HeartbeatReplyInput>(async (request) => ({
      known: membership.heartbeat(request),
      epoch: membership.epoch,
    })),
    WatchProgress: streamHandler((_request, signal) => progress.watch(signal)),
    ReadFigures: unaryHandler<ReadFiguresRequest, ReadFiguresReplyInput>(async ({ afterIteration }) => ({
      series: figures.read(afterIteration).map(({ name, iterations, values }) => ({
        ...{ name, iterations: [...iterations], values: [...values] },
      })),
    })),
  };
}
