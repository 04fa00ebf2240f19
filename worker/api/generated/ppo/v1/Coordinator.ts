// Original file: coordinator.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { HeartbeatReplyInput as _ppo_v1_HeartbeatReplyInput, HeartbeatReply as _ppo_v1_HeartbeatReply } from '../../ppo/v1/HeartbeatReply.ts';
import type { HeartbeatRequestInput as _ppo_v1_HeartbeatRequestInput, HeartbeatRequest as _ppo_v1_HeartbeatRequest } from '../../ppo/v1/HeartbeatRequest.ts';
import type { ProgressInput as _ppo_v1_ProgressInput, Progress as _ppo_v1_Progress } from '../../ppo/v1/Progress.ts';
import type { ReadFiguresReplyInput as _ppo_v1_ReadFiguresReplyInput, ReadFiguresReply as _ppo_v1_ReadFiguresReply } from '../../ppo/v1/ReadFiguresReply.ts';
import type { ReadFiguresRequestInput as _ppo_v1_ReadFiguresRequestInput, ReadFiguresRequest as _ppo_v1_ReadFiguresRequest } from '../../ppo/v1/ReadFiguresRequest.ts';
import type { RegisterReplyInput as _ppo_v1_RegisterReplyInput, RegisterReply as _ppo_v1_RegisterReply } from '../../ppo/v1/RegisterReply.ts';
import type { RegisterRequestInput as _ppo_v1_RegisterRequestInput, RegisterRequest as _ppo_v1_RegisterRequest } from '../../ppo/v1/RegisterRequest.ts';
import type { WatchProgressRequestInput as _ppo_v1_WatchProgressRequestInput, WatchProgressRequest as _ppo_v1_WatchProgressRequest } from '../../ppo/v1/WatchProgressRequest.ts';

export interface CoordinatorClient extends grpc.Client {
  /**
   * Sent every few seconds by every registered worker; a worker that is silent too long is lost.
   */
  Heartbeat(argument: _ppo_v1_HeartbeatRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_HeartbeatReply>): grpc.ClientUnaryCall;
  Heartbeat(argument: _ppo_v1_HeartbeatRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_HeartbeatReply>): grpc.ClientUnaryCall;
  Heartbeat(argument: _ppo_v1_HeartbeatRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_HeartbeatReply>): grpc.ClientUnaryCall;
  Heartbeat(argument: _ppo_v1_HeartbeatRequestInput, callback: grpc.requestCallback<_ppo_v1_HeartbeatReply>): grpc.ClientUnaryCall;
  /**
   * Sent every few seconds by every registered worker; a worker that is silent too long is lost.
   */
  heartbeat(argument: _ppo_v1_HeartbeatRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_HeartbeatReply>): grpc.ClientUnaryCall;
  heartbeat(argument: _ppo_v1_HeartbeatRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_HeartbeatReply>): grpc.ClientUnaryCall;
  heartbeat(argument: _ppo_v1_HeartbeatRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_HeartbeatReply>): grpc.ClientUnaryCall;
  heartbeat(argument: _ppo_v1_HeartbeatRequestInput, callback: grpc.requestCallback<_ppo_v1_HeartbeatReply>): grpc.ClientUnaryCall;
  
  /**
   * The figures of finished iterations as curves, for whoever has not watched all along. Of a long job every second
   * point is left out, or more, so that an answer is bounded.
   */
  ReadFigures(argument: _ppo_v1_ReadFiguresRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_ReadFiguresReply>): grpc.ClientUnaryCall;
  ReadFigures(argument: _ppo_v1_ReadFiguresRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_ReadFiguresReply>): grpc.ClientUnaryCall;
  ReadFigures(argument: _ppo_v1_ReadFiguresRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_ReadFiguresReply>): grpc.ClientUnaryCall;
  ReadFigures(argument: _ppo_v1_ReadFiguresRequestInput, callback: grpc.requestCallback<_ppo_v1_ReadFiguresReply>): grpc.ClientUnaryCall;
  /**
   * The figures of finished iterations as curves, for whoever has not watched all along. Of a long job every second
   * point is left out, or more, so that an answer is bounded.
   */
  readFigures(argument: _ppo_v1_ReadFiguresRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_ReadFiguresReply>): grpc.ClientUnaryCall;
  readFigures(argument: _ppo_v1_ReadFiguresRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_ReadFiguresReply>): grpc.ClientUnaryCall;
  readFigures(argument: _ppo_v1_ReadFiguresRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_ReadFiguresReply>): grpc.ClientUnaryCall;
  readFigures(argument: _ppo_v1_ReadFiguresRequestInput, callback: grpc.requestCallback<_ppo_v1_ReadFiguresReply>): grpc.ClientUnaryCall;
  
  /**
   * Announces a worker. Repeated until it succeeds; the same incarnation registers idempotently.
   */
  Register(argument: _ppo_v1_RegisterRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_RegisterReply>): grpc.ClientUnaryCall;
  Register(argument: _ppo_v1_RegisterRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_RegisterReply>): grpc.ClientUnaryCall;
  Register(argument: _ppo_v1_RegisterRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_RegisterReply>): grpc.ClientUnaryCall;
  Register(argument: _ppo_v1_RegisterRequestInput, callback: grpc.requestCallback<_ppo_v1_RegisterReply>): grpc.ClientUnaryCall;
  /**
   * Announces a worker. Repeated until it succeeds; the same incarnation registers idempotently.
   */
  register(argument: _ppo_v1_RegisterRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_RegisterReply>): grpc.ClientUnaryCall;
  register(argument: _ppo_v1_RegisterRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_RegisterReply>): grpc.ClientUnaryCall;
  register(argument: _ppo_v1_RegisterRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_RegisterReply>): grpc.ClientUnaryCall;
  register(argument: _ppo_v1_RegisterRequestInput, callback: grpc.requestCallback<_ppo_v1_RegisterReply>): grpc.ClientUnaryCall;
  
  /**
   * The newest progress at once, then each change, until the job ends.
   */
  WatchProgress(argument: _ppo_v1_WatchProgressRequestInput, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_ppo_v1_Progress>;
  WatchProgress(argument: _ppo_v1_WatchProgressRequestInput, options?: grpc.CallOptions): grpc.ClientReadableStream<_ppo_v1_Progress>;
  /**
   * The newest progress at once, then each change, until the job ends.
   */
  watchProgress(argument: _ppo_v1_WatchProgressRequestInput, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_ppo_v1_Progress>;
  watchProgress(argument: _ppo_v1_WatchProgressRequestInput, options?: grpc.CallOptions): grpc.ClientReadableStream<_ppo_v1_Progress>;
  
}

export interface CoordinatorHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Sent every few seconds by every registered worker; a worker that is silent too long is lost.
   */
  Heartbeat: grpc.handleUnaryCall<_ppo_v1_HeartbeatRequest, _ppo_v1_HeartbeatReplyInput>;
  
  /**
   * The figures of finished iterations as curves, for whoever has not watched all along. Of a long job every second
   * point is left out, or more, so that an answer is bounded.
   */
  ReadFigures: grpc.handleUnaryCall<_ppo_v1_ReadFiguresRequest, _ppo_v1_ReadFiguresReplyInput>;
  
  /**
   * Announces a worker. Repeated until it succeeds; the same incarnation registers idempotently.
   */
  Register: grpc.handleUnaryCall<_ppo_v1_RegisterRequest, _ppo_v1_RegisterReplyInput>;
  
  /**
   * The newest progress at once, then each change, until the job ends.
   */
  WatchProgress: grpc.handleServerStreamingCall<_ppo_v1_WatchProgressRequest, _ppo_v1_ProgressInput>;
  
}

export interface CoordinatorDefinition extends grpc.ServiceDefinition {
  Heartbeat: MethodDefinition<_ppo_v1_HeartbeatRequestInput, _ppo_v1_HeartbeatReplyInput, _ppo_v1_HeartbeatRequest, _ppo_v1_HeartbeatReply>
  ReadFigures: MethodDefinition<_ppo_v1_ReadFiguresRequestInput, _ppo_v1_ReadFiguresReplyInput, _ppo_v1_ReadFiguresRequest, _ppo_v1_ReadFiguresReply>
  Register: MethodDefinition<_ppo_v1_RegisterRequestInput, _ppo_v1_RegisterReplyInput, _ppo_v1_RegisterRequest, _ppo_v1_RegisterReply>
  WatchProgress: MethodDefinition<_ppo_v1_WatchProgressRequestInput, _ppo_v1_ProgressInput, _ppo_v1_WatchProgressRequest, _ppo_v1_Progress>
}
