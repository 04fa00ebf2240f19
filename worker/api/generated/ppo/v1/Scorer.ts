// Original file: scorer.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ScoreReplyInput as _ppo_v1_ScoreReplyInput, ScoreReply as _ppo_v1_ScoreReply } from '../../ppo/v1/ScoreReply.ts';
import type { ScoreRequestInput as _ppo_v1_ScoreRequestInput, ScoreRequest as _ppo_v1_ScoreRequest } from '../../ppo/v1/ScoreRequest.ts';

export interface ScorerClient extends grpc.Client {
  /**
   * Streams results in the order of the request's sequences, in chunks; progress is each chunk.
   */
  Score(argument: _ppo_v1_ScoreRequestInput, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_ppo_v1_ScoreReply>;
  Score(argument: _ppo_v1_ScoreRequestInput, options?: grpc.CallOptions): grpc.ClientReadableStream<_ppo_v1_ScoreReply>;
  /**
   * Streams results in the order of the request's sequences, in chunks; progress is each chunk.
   */
  score(argument: _ppo_v1_ScoreRequestInput, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_ppo_v1_ScoreReply>;
  score(argument: _ppo_v1_ScoreRequestInput, options?: grpc.CallOptions): grpc.ClientReadableStream<_ppo_v1_ScoreReply>;
  
}

export interface ScorerHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Streams results in the order of the request's sequences, in chunks; progress is each chunk.
   */
  Score: grpc.handleServerStreamingCall<_ppo_v1_ScoreRequest, _ppo_v1_ScoreReplyInput>;
  
}

export interface ScorerDefinition extends grpc.ServiceDefinition {
  Score: MethodDefinition<_ppo_v1_ScoreRequestInput, _ppo_v1_ScoreReplyInput, _ppo_v1_ScoreRequest, _ppo_v1_ScoreReply>
}
