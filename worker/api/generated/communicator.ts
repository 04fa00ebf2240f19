import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { BufferRangeInput as _ppo_v1_BufferRangeInput, BufferRange as _ppo_v1_BufferRange } from './ppo/v1/BufferRange.ts';
import type { CommHandleInput as _ppo_v1_CommHandleInput, CommHandle as _ppo_v1_CommHandle } from './ppo/v1/CommHandle.ts';
import type { CommInitRankReplyInput as _ppo_v1_CommInitRankReplyInput, CommInitRankReply as _ppo_v1_CommInitRankReply } from './ppo/v1/CommInitRankReply.ts';
import type { CommInitRankRequestInput as _ppo_v1_CommInitRankRequestInput, CommInitRankRequest as _ppo_v1_CommInitRankRequest } from './ppo/v1/CommInitRankRequest.ts';
import type { CommReplyInput as _ppo_v1_CommReplyInput, CommReply as _ppo_v1_CommReply } from './ppo/v1/CommReply.ts';
import type { CommunicatorClient as _ppo_v1_CommunicatorClient, CommunicatorDefinition as _ppo_v1_CommunicatorDefinition } from './ppo/v1/Communicator.ts';
import type { GetUniqueIdReplyInput as _ppo_v1_GetUniqueIdReplyInput, GetUniqueIdReply as _ppo_v1_GetUniqueIdReply } from './ppo/v1/GetUniqueIdReply.ts';
import type { GetUniqueIdRequestInput as _ppo_v1_GetUniqueIdRequestInput, GetUniqueIdRequest as _ppo_v1_GetUniqueIdRequest } from './ppo/v1/GetUniqueIdRequest.ts';
import type { OperationInput as _ppo_v1_OperationInput, Operation as _ppo_v1_Operation } from './ppo/v1/Operation.ts';
import type { RunReplyInput as _ppo_v1_RunReplyInput, RunReply as _ppo_v1_RunReply } from './ppo/v1/RunReply.ts';
import type { RunRequestInput as _ppo_v1_RunRequestInput, RunRequest as _ppo_v1_RunRequest } from './ppo/v1/RunRequest.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  ppo: {
    v1: {
      BufferRange: MessageTypeDefinition<_ppo_v1_BufferRangeInput, _ppo_v1_BufferRange>
      CommHandle: MessageTypeDefinition<_ppo_v1_CommHandleInput, _ppo_v1_CommHandle>
      CommInitRankReply: MessageTypeDefinition<_ppo_v1_CommInitRankReplyInput, _ppo_v1_CommInitRankReply>
      CommInitRankRequest: MessageTypeDefinition<_ppo_v1_CommInitRankRequestInput, _ppo_v1_CommInitRankRequest>
      CommReply: MessageTypeDefinition<_ppo_v1_CommReplyInput, _ppo_v1_CommReply>
      Communicator: SubtypeConstructor<typeof grpc.Client, _ppo_v1_CommunicatorClient> & { service: _ppo_v1_CommunicatorDefinition }
      DataType: EnumTypeDefinition
      GetUniqueIdReply: MessageTypeDefinition<_ppo_v1_GetUniqueIdReplyInput, _ppo_v1_GetUniqueIdReply>
      GetUniqueIdRequest: MessageTypeDefinition<_ppo_v1_GetUniqueIdRequestInput, _ppo_v1_GetUniqueIdRequest>
      Operation: MessageTypeDefinition<_ppo_v1_OperationInput, _ppo_v1_Operation>
      OperationKind: EnumTypeDefinition
      ReduceOp: EnumTypeDefinition
      Result: EnumTypeDefinition
      RunReply: MessageTypeDefinition<_ppo_v1_RunReplyInput, _ppo_v1_RunReply>
      RunRequest: MessageTypeDefinition<_ppo_v1_RunRequestInput, _ppo_v1_RunRequest>
    }
  }
}

