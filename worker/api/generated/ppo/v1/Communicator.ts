// Original file: communicator.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CommHandleInput as _ppo_v1_CommHandleInput, CommHandle as _ppo_v1_CommHandle } from '../../ppo/v1/CommHandle.ts';
import type { CommInitRankReplyInput as _ppo_v1_CommInitRankReplyInput, CommInitRankReply as _ppo_v1_CommInitRankReply } from '../../ppo/v1/CommInitRankReply.ts';
import type { CommInitRankRequestInput as _ppo_v1_CommInitRankRequestInput, CommInitRankRequest as _ppo_v1_CommInitRankRequest } from '../../ppo/v1/CommInitRankRequest.ts';
import type { CommReplyInput as _ppo_v1_CommReplyInput, CommReply as _ppo_v1_CommReply } from '../../ppo/v1/CommReply.ts';
import type { GetUniqueIdReplyInput as _ppo_v1_GetUniqueIdReplyInput, GetUniqueIdReply as _ppo_v1_GetUniqueIdReply } from '../../ppo/v1/GetUniqueIdReply.ts';
import type { GetUniqueIdRequestInput as _ppo_v1_GetUniqueIdRequestInput, GetUniqueIdRequest as _ppo_v1_GetUniqueIdRequest } from '../../ppo/v1/GetUniqueIdRequest.ts';
import type { RunReplyInput as _ppo_v1_RunReplyInput, RunReply as _ppo_v1_RunReply } from '../../ppo/v1/RunReply.ts';
import type { RunRequestInput as _ppo_v1_RunRequestInput, RunRequest as _ppo_v1_RunRequest } from '../../ppo/v1/RunRequest.ts';

export interface CommunicatorClient extends grpc.Client {
  /**
   * Fails every operation under way on this rank with REMOTE_ERROR at its peers; the communicator is unusable after.
   */
  CommAbort(argument: _ppo_v1_CommHandleInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_CommReply>): grpc.ClientUnaryCall;
  CommAbort(argument: _ppo_v1_CommHandleInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_CommReply>): grpc.ClientUnaryCall;
  CommAbort(argument: _ppo_v1_CommHandleInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_CommReply>): grpc.ClientUnaryCall;
  CommAbort(argument: _ppo_v1_CommHandleInput, callback: grpc.requestCallback<_ppo_v1_CommReply>): grpc.ClientUnaryCall;
  /**
   * Fails every operation under way on this rank with REMOTE_ERROR at its peers; the communicator is unusable after.
   */
  commAbort(argument: _ppo_v1_CommHandleInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_CommReply>): grpc.ClientUnaryCall;
  commAbort(argument: _ppo_v1_CommHandleInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_CommReply>): grpc.ClientUnaryCall;
  commAbort(argument: _ppo_v1_CommHandleInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_CommReply>): grpc.ClientUnaryCall;
  commAbort(argument: _ppo_v1_CommHandleInput, callback: grpc.requestCallback<_ppo_v1_CommReply>): grpc.ClientUnaryCall;
  
  CommDestroy(argument: _ppo_v1_CommHandleInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_CommReply>): grpc.ClientUnaryCall;
  CommDestroy(argument: _ppo_v1_CommHandleInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_CommReply>): grpc.ClientUnaryCall;
  CommDestroy(argument: _ppo_v1_CommHandleInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_CommReply>): grpc.ClientUnaryCall;
  CommDestroy(argument: _ppo_v1_CommHandleInput, callback: grpc.requestCallback<_ppo_v1_CommReply>): grpc.ClientUnaryCall;
  commDestroy(argument: _ppo_v1_CommHandleInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_CommReply>): grpc.ClientUnaryCall;
  commDestroy(argument: _ppo_v1_CommHandleInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_CommReply>): grpc.ClientUnaryCall;
  commDestroy(argument: _ppo_v1_CommHandleInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_CommReply>): grpc.ClientUnaryCall;
  commDestroy(argument: _ppo_v1_CommHandleInput, callback: grpc.requestCallback<_ppo_v1_CommReply>): grpc.ClientUnaryCall;
  
  /**
   * Blocks until every rank has joined or the timeout passes.
   */
  CommInitRank(argument: _ppo_v1_CommInitRankRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_CommInitRankReply>): grpc.ClientUnaryCall;
  CommInitRank(argument: _ppo_v1_CommInitRankRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_CommInitRankReply>): grpc.ClientUnaryCall;
  CommInitRank(argument: _ppo_v1_CommInitRankRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_CommInitRankReply>): grpc.ClientUnaryCall;
  CommInitRank(argument: _ppo_v1_CommInitRankRequestInput, callback: grpc.requestCallback<_ppo_v1_CommInitRankReply>): grpc.ClientUnaryCall;
  /**
   * Blocks until every rank has joined or the timeout passes.
   */
  commInitRank(argument: _ppo_v1_CommInitRankRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_CommInitRankReply>): grpc.ClientUnaryCall;
  commInitRank(argument: _ppo_v1_CommInitRankRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_CommInitRankReply>): grpc.ClientUnaryCall;
  commInitRank(argument: _ppo_v1_CommInitRankRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_CommInitRankReply>): grpc.ClientUnaryCall;
  commInitRank(argument: _ppo_v1_CommInitRankRequestInput, callback: grpc.requestCallback<_ppo_v1_CommInitRankReply>): grpc.ClientUnaryCall;
  
  GetUniqueId(argument: _ppo_v1_GetUniqueIdRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_GetUniqueIdReply>): grpc.ClientUnaryCall;
  GetUniqueId(argument: _ppo_v1_GetUniqueIdRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_GetUniqueIdReply>): grpc.ClientUnaryCall;
  GetUniqueId(argument: _ppo_v1_GetUniqueIdRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_GetUniqueIdReply>): grpc.ClientUnaryCall;
  GetUniqueId(argument: _ppo_v1_GetUniqueIdRequestInput, callback: grpc.requestCallback<_ppo_v1_GetUniqueIdReply>): grpc.ClientUnaryCall;
  getUniqueId(argument: _ppo_v1_GetUniqueIdRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_GetUniqueIdReply>): grpc.ClientUnaryCall;
  getUniqueId(argument: _ppo_v1_GetUniqueIdRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_GetUniqueIdReply>): grpc.ClientUnaryCall;
  getUniqueId(argument: _ppo_v1_GetUniqueIdRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_GetUniqueIdReply>): grpc.ClientUnaryCall;
  getUniqueId(argument: _ppo_v1_GetUniqueIdRequestInput, callback: grpc.requestCallback<_ppo_v1_GetUniqueIdReply>): grpc.ClientUnaryCall;
  
  /**
   * One or several operations as one group (ncclGroupStart .. ncclGroupEnd): all progress together.
   */
  Run(argument: _ppo_v1_RunRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_RunReply>): grpc.ClientUnaryCall;
  Run(argument: _ppo_v1_RunRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_RunReply>): grpc.ClientUnaryCall;
  Run(argument: _ppo_v1_RunRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_RunReply>): grpc.ClientUnaryCall;
  Run(argument: _ppo_v1_RunRequestInput, callback: grpc.requestCallback<_ppo_v1_RunReply>): grpc.ClientUnaryCall;
  /**
   * One or several operations as one group (ncclGroupStart .. ncclGroupEnd): all progress together.
   */
  run(argument: _ppo_v1_RunRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_RunReply>): grpc.ClientUnaryCall;
  run(argument: _ppo_v1_RunRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_RunReply>): grpc.ClientUnaryCall;
  run(argument: _ppo_v1_RunRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_RunReply>): grpc.ClientUnaryCall;
  run(argument: _ppo_v1_RunRequestInput, callback: grpc.requestCallback<_ppo_v1_RunReply>): grpc.ClientUnaryCall;
  
}

export interface CommunicatorHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Fails every operation under way on this rank with REMOTE_ERROR at its peers; the communicator is unusable after.
   */
  CommAbort: grpc.handleUnaryCall<_ppo_v1_CommHandle, _ppo_v1_CommReplyInput>;
  
  CommDestroy: grpc.handleUnaryCall<_ppo_v1_CommHandle, _ppo_v1_CommReplyInput>;
  
  /**
   * Blocks until every rank has joined or the timeout passes.
   */
  CommInitRank: grpc.handleUnaryCall<_ppo_v1_CommInitRankRequest, _ppo_v1_CommInitRankReplyInput>;
  
  GetUniqueId: grpc.handleUnaryCall<_ppo_v1_GetUniqueIdRequest, _ppo_v1_GetUniqueIdReplyInput>;
  
  /**
   * One or several operations as one group (ncclGroupStart .. ncclGroupEnd): all progress together.
   */
  Run: grpc.handleUnaryCall<_ppo_v1_RunRequest, _ppo_v1_RunReplyInput>;
  
}

export interface CommunicatorDefinition extends grpc.ServiceDefinition {
  CommAbort: MethodDefinition<_ppo_v1_CommHandleInput, _ppo_v1_CommReplyInput, _ppo_v1_CommHandle, _ppo_v1_CommReply>
  CommDestroy: MethodDefinition<_ppo_v1_CommHandleInput, _ppo_v1_CommReplyInput, _ppo_v1_CommHandle, _ppo_v1_CommReply>
  CommInitRank: MethodDefinition<_ppo_v1_CommInitRankRequestInput, _ppo_v1_CommInitRankReplyInput, _ppo_v1_CommInitRankRequest, _ppo_v1_CommInitRankReply>
  GetUniqueId: MethodDefinition<_ppo_v1_GetUniqueIdRequestInput, _ppo_v1_GetUniqueIdReplyInput, _ppo_v1_GetUniqueIdRequest, _ppo_v1_GetUniqueIdReply>
  Run: MethodDefinition<_ppo_v1_RunRequestInput, _ppo_v1_RunReplyInput, _ppo_v1_RunRequest, _ppo_v1_RunReply>
}
