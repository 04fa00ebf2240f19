// Original file: generation.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { GenerateReplyInput as _ppo_v1_GenerateReplyInput, GenerateReply as _ppo_v1_GenerateReply } from '../../ppo/v1/GenerateReply.ts';
import type { GenerateRequestInput as _ppo_v1_GenerateRequestInput, GenerateRequest as _ppo_v1_GenerateRequest } from '../../ppo/v1/GenerateRequest.ts';
import type { ReceiveWeightsReplyInput as _ppo_v1_ReceiveWeightsReplyInput, ReceiveWeightsReply as _ppo_v1_ReceiveWeightsReply } from '../../ppo/v1/ReceiveWeightsReply.ts';
import type { ReceiveWeightsRequestInput as _ppo_v1_ReceiveWeightsRequestInput, ReceiveWeightsRequest as _ppo_v1_ReceiveWeightsRequest } from '../../ppo/v1/ReceiveWeightsRequest.ts';

export interface GenerationClient extends grpc.Client {
  /**
   * One reply per finished response, in the order they finish; progress replies in between, at least every second.
   */
  Generate(argument: _ppo_v1_GenerateRequestInput, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_ppo_v1_GenerateReply>;
  Generate(argument: _ppo_v1_GenerateRequestInput, options?: grpc.CallOptions): grpc.ClientReadableStream<_ppo_v1_GenerateReply>;
  /**
   * One reply per finished response, in the order they finish; progress replies in between, at least every second.
   */
  generate(argument: _ppo_v1_GenerateRequestInput, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_ppo_v1_GenerateReply>;
  generate(argument: _ppo_v1_GenerateRequestInput, options?: grpc.CallOptions): grpc.ClientReadableStream<_ppo_v1_GenerateReply>;
  
  /**
   * Receives a policy version over the group's communicator into the slot not in use and flips to it between two decode
   * steps. Returns when the flip is done. FAILED_PRECONDITION for an old epoch, DATA_LOSS when the checksum differs
   * (the old version then stays in use).
   */
  ReceiveWeights(argument: _ppo_v1_ReceiveWeightsRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_ReceiveWeightsReply>): grpc.ClientUnaryCall;
  ReceiveWeights(argument: _ppo_v1_ReceiveWeightsRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_ReceiveWeightsReply>): grpc.ClientUnaryCall;
  ReceiveWeights(argument: _ppo_v1_ReceiveWeightsRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_ReceiveWeightsReply>): grpc.ClientUnaryCall;
  ReceiveWeights(argument: _ppo_v1_ReceiveWeightsRequestInput, callback: grpc.requestCallback<_ppo_v1_ReceiveWeightsReply>): grpc.ClientUnaryCall;
  /**
   * Receives a policy version over the group's communicator into the slot not in use and flips to it between two decode
   * steps. Returns when the flip is done. FAILED_PRECONDITION for an old epoch, DATA_LOSS when the checksum differs
   * (the old version then stays in use).
   */
  receiveWeights(argument: _ppo_v1_ReceiveWeightsRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_ReceiveWeightsReply>): grpc.ClientUnaryCall;
  receiveWeights(argument: _ppo_v1_ReceiveWeightsRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_ReceiveWeightsReply>): grpc.ClientUnaryCall;
  receiveWeights(argument: _ppo_v1_ReceiveWeightsRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_ReceiveWeightsReply>): grpc.ClientUnaryCall;
  receiveWeights(argument: _ppo_v1_ReceiveWeightsRequestInput, callback: grpc.requestCallback<_ppo_v1_ReceiveWeightsReply>): grpc.ClientUnaryCall;
  
}

export interface GenerationHandlers extends grpc.UntypedServiceImplementation {
  /**
   * One reply per finished response, in the order they finish; progress replies in between, at least every second.
   */
  Generate: grpc.handleServerStreamingCall<_ppo_v1_GenerateRequest, _ppo_v1_GenerateReplyInput>;
  
  /**
   * Receives a policy version over the group's communicator into the slot not in use and flips to it between two decode
   * steps. Returns when the flip is done. FAILED_PRECONDITION for an old epoch, DATA_LOSS when the checksum differs
   * (the old version then stays in use).
   */
  ReceiveWeights: grpc.handleUnaryCall<_ppo_v1_ReceiveWeightsRequest, _ppo_v1_ReceiveWeightsReplyInput>;
  
}

export interface GenerationDefinition extends grpc.ServiceDefinition {
  Generate: MethodDefinition<_ppo_v1_GenerateRequestInput, _ppo_v1_GenerateReplyInput, _ppo_v1_GenerateRequest, _ppo_v1_GenerateReply>
  ReceiveWeights: MethodDefinition<_ppo_v1_ReceiveWeightsRequestInput, _ppo_v1_ReceiveWeightsReplyInput, _ppo_v1_ReceiveWeightsRequest, _ppo_v1_ReceiveWeightsReply>
}
