import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { CreateUniqueIdReplyInput as _ppo_v1_CreateUniqueIdReplyInput, CreateUniqueIdReply as _ppo_v1_CreateUniqueIdReply } from './ppo/v1/CreateUniqueIdReply.ts';
import type { CreateUniqueIdRequestInput as _ppo_v1_CreateUniqueIdRequestInput, CreateUniqueIdRequest as _ppo_v1_CreateUniqueIdRequest } from './ppo/v1/CreateUniqueIdRequest.ts';
import type { GroupMemberClient as _ppo_v1_GroupMemberClient, GroupMemberDefinition as _ppo_v1_GroupMemberDefinition } from './ppo/v1/GroupMember.ts';
import type { JoinGroupReplyInput as _ppo_v1_JoinGroupReplyInput, JoinGroupReply as _ppo_v1_JoinGroupReply } from './ppo/v1/JoinGroupReply.ts';
import type { JoinGroupRequestInput as _ppo_v1_JoinGroupRequestInput, JoinGroupRequest as _ppo_v1_JoinGroupRequest } from './ppo/v1/JoinGroupRequest.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  ppo: {
    v1: {
      CreateUniqueIdReply: MessageTypeDefinition<_ppo_v1_CreateUniqueIdReplyInput, _ppo_v1_CreateUniqueIdReply>
      CreateUniqueIdRequest: MessageTypeDefinition<_ppo_v1_CreateUniqueIdRequestInput, _ppo_v1_CreateUniqueIdRequest>
      GroupMember: SubtypeConstructor<typeof grpc.Client, _ppo_v1_GroupMemberClient> & { service: _ppo_v1_GroupMemberDefinition }
      JoinGroupReply: MessageTypeDefinition<_ppo_v1_JoinGroupReplyInput, _ppo_v1_JoinGroupReply>
      JoinGroupRequest: MessageTypeDefinition<_ppo_v1_JoinGroupRequestInput, _ppo_v1_JoinGroupRequest>
    }
  }
}

