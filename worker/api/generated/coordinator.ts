import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { CoordinatorClient as _ppo_v1_CoordinatorClient, CoordinatorDefinition as _ppo_v1_CoordinatorDefinition } from './ppo/v1/Coordinator.ts';
import type { FigureSeriesInput as _ppo_v1_FigureSeriesInput, FigureSeries as _ppo_v1_FigureSeries } from './ppo/v1/FigureSeries.ts';
import type { HeartbeatReplyInput as _ppo_v1_HeartbeatReplyInput, HeartbeatReply as _ppo_v1_HeartbeatReply } from './ppo/v1/HeartbeatReply.ts';
import type { HeartbeatRequestInput as _ppo_v1_HeartbeatRequestInput, HeartbeatRequest as _ppo_v1_HeartbeatRequest } from './ppo/v1/HeartbeatRequest.ts';
import type { MemberInput as _ppo_v1_MemberInput, Member as _ppo_v1_Member } from './ppo/v1/Member.ts';
import type { ProgressInput as _ppo_v1_ProgressInput, Progress as _ppo_v1_Progress } from './ppo/v1/Progress.ts';
import type { ReadFiguresReplyInput as _ppo_v1_ReadFiguresReplyInput, ReadFiguresReply as _ppo_v1_ReadFiguresReply } from './ppo/v1/ReadFiguresReply.ts';
import type { ReadFiguresRequestInput as _ppo_v1_ReadFiguresRequestInput, ReadFiguresRequest as _ppo_v1_ReadFiguresRequest } from './ppo/v1/ReadFiguresRequest.ts';
import type { RegisterReplyInput as _ppo_v1_RegisterReplyInput, RegisterReply as _ppo_v1_RegisterReply } from './ppo/v1/RegisterReply.ts';
import type { RegisterRequestInput as _ppo_v1_RegisterRequestInput, RegisterRequest as _ppo_v1_RegisterRequest } from './ppo/v1/RegisterRequest.ts';
import type { WatchProgressRequestInput as _ppo_v1_WatchProgressRequestInput, WatchProgressRequest as _ppo_v1_WatchProgressRequest } from './ppo/v1/WatchProgressRequest.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  ppo: {
    v1: {
      Coordinator: SubtypeConstructor<typeof grpc.Client, _ppo_v1_CoordinatorClient> & { service: _ppo_v1_CoordinatorDefinition }
      FigureSeries: MessageTypeDefinition<_ppo_v1_FigureSeriesInput, _ppo_v1_FigureSeries>
      HeartbeatReply: MessageTypeDefinition<_ppo_v1_HeartbeatReplyInput, _ppo_v1_HeartbeatReply>
      HeartbeatRequest: MessageTypeDefinition<_ppo_v1_HeartbeatRequestInput, _ppo_v1_HeartbeatRequest>
      Member: MessageTypeDefinition<_ppo_v1_MemberInput, _ppo_v1_Member>
      Progress: MessageTypeDefinition<_ppo_v1_ProgressInput, _ppo_v1_Progress>
      ReadFiguresReply: MessageTypeDefinition<_ppo_v1_ReadFiguresReplyInput, _ppo_v1_ReadFiguresReply>
      ReadFiguresRequest: MessageTypeDefinition<_ppo_v1_ReadFiguresRequestInput, _ppo_v1_ReadFiguresRequest>
      RegisterReply: MessageTypeDefinition<_ppo_v1_RegisterReplyInput, _ppo_v1_RegisterReply>
      RegisterRequest: MessageTypeDefinition<_ppo_v1_RegisterRequestInput, _ppo_v1_RegisterRequest>
      WatchProgressRequest: MessageTypeDefinition<_ppo_v1_WatchProgressRequestInput, _ppo_v1_WatchProgressRequest>
    }
  }
}

