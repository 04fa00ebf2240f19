// Original file: group.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CreateUniqueIdReplyInput as _ppo_v1_CreateUniqueIdReplyInput, CreateUniqueIdReply as _ppo_v1_CreateUniqueIdReply } from '../../ppo/v1/CreateUniqueIdReply.ts';
import type { CreateUniqueIdRequestInput as _ppo_v1_CreateUniqueIdRequestInput, CreateUniqueIdRequest as _ppo_v1_CreateUniqueIdRequest } from '../../ppo/v1/CreateUniqueIdRequest.ts';
import type { JoinGroupReplyInput as _ppo_v1_JoinGroupReplyInput, JoinGroupReply as _ppo_v1_JoinGroupReply } from '../../ppo/v1/JoinGroupReply.ts';
import type { JoinGroupRequestInput as _ppo_v1_JoinGroupRequestInput, JoinGroupRequest as _ppo_v1_JoinGroupRequest } from '../../ppo/v1/JoinGroupRequest.ts';

export interface GroupMemberClient extends grpc.Client {
  /**
   * Asks this worker's sidecar for a unique id (called on rank 0 of a group about to be formed).
   */
  CreateUniqueId(argument: _ppo_v1_CreateUniqueIdRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_CreateUniqueIdReply>): grpc.ClientUnaryCall;
  CreateUniqueId(argument: _ppo_v1_CreateUniqueIdRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_CreateUniqueIdReply>): grpc.ClientUnaryCall;
  CreateUniqueId(argument: _ppo_v1_CreateUniqueIdRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_CreateUniqueIdReply>): grpc.ClientUnaryCall;
  CreateUniqueId(argument: _ppo_v1_CreateUniqueIdRequestInput, callback: grpc.requestCallback<_ppo_v1_CreateUniqueIdReply>): grpc.ClientUnaryCall;
  /**
   * Asks this worker's sidecar for a unique id (called on rank 0 of a group about to be formed).
   */
  createUniqueId(argument: _ppo_v1_CreateUniqueIdRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_CreateUniqueIdReply>): grpc.ClientUnaryCall;
  createUniqueId(argument: _ppo_v1_CreateUniqueIdRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_CreateUniqueIdReply>): grpc.ClientUnaryCall;
  createUniqueId(argument: _ppo_v1_CreateUniqueIdRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_CreateUniqueIdReply>): grpc.ClientUnaryCall;
  createUniqueId(argument: _ppo_v1_CreateUniqueIdRequestInput, callback: grpc.requestCallback<_ppo_v1_CreateUniqueIdReply>): grpc.ClientUnaryCall;
  
  /**
   * commInitRank through the worker's sidecar. Called on all ranks at once; returns when the group stands. A group of the
   * same name from an older epoch is aborted first.
   */
  JoinGroup(argument: _ppo_v1_JoinGroupRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_JoinGroupReply>): grpc.ClientUnaryCall;
  JoinGroup(argument: _ppo_v1_JoinGroupRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_JoinGroupReply>): grpc.ClientUnaryCall;
  JoinGroup(argument: _ppo_v1_JoinGroupRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_JoinGroupReply>): grpc.ClientUnaryCall;
  JoinGroup(argument: _ppo_v1_JoinGroupRequestInput, callback: grpc.requestCallback<_ppo_v1_JoinGroupReply>): grpc.ClientUnaryCall;
  /**
   * commInitRank through the worker's sidecar. Called on all ranks at once; returns when the group stands. A group of the
   * same name from an older epoch is aborted first.
   */
  joinGroup(argument: _ppo_v1_JoinGroupRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_JoinGroupReply>): grpc.ClientUnaryCall;
  joinGroup(argument: _ppo_v1_JoinGroupRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_JoinGroupReply>): grpc.ClientUnaryCall;
  joinGroup(argument: _ppo_v1_JoinGroupRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_JoinGroupReply>): grpc.ClientUnaryCall;
  joinGroup(argument: _ppo_v1_JoinGroupRequestInput, callback: grpc.requestCallback<_ppo_v1_JoinGroupReply>): grpc.ClientUnaryCall;
  
}

export interface GroupMemberHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Asks this worker's sidecar for a unique id (called on rank 0 of a group about to be formed).
   */
  CreateUniqueId: grpc.handleUnaryCall<_ppo_v1_CreateUniqueIdRequest, _ppo_v1_CreateUniqueIdReplyInput>;
  
  /**
   * commInitRank through the worker's sidecar. Called on all ranks at once; returns when the group stands. A group of the
   * same name from an older epoch is aborted first.
   */
  JoinGroup: grpc.handleUnaryCall<_ppo_v1_JoinGroupRequest, _ppo_v1_JoinGroupReplyInput>;
  
}

export interface GroupMemberDefinition extends grpc.ServiceDefinition {
  CreateUniqueId: MethodDefinition<_ppo_v1_CreateUniqueIdRequestInput, _ppo_v1_CreateUniqueIdReplyInput, _ppo_v1_CreateUniqueIdRequest, _ppo_v1_CreateUniqueIdReply>
  JoinGroup: MethodDefinition<_ppo_v1_JoinGroupRequestInput, _ppo_v1_JoinGroupReplyInput, _ppo_v1_JoinGroupRequest, _ppo_v1_JoinGroupReply>
}
