// Original file: trainer.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { AppendExperiencesReplyInput as _ppo_v1_AppendExperiencesReplyInput, AppendExperiencesReply as _ppo_v1_AppendExperiencesReply } from '../../ppo/v1/AppendExperiencesReply.ts';
import type { AppendExperiencesRequestInput as _ppo_v1_AppendExperiencesRequestInput, AppendExperiencesRequest as _ppo_v1_AppendExperiencesRequest } from '../../ppo/v1/AppendExperiencesRequest.ts';
import type { CheckpointReplyInput as _ppo_v1_CheckpointReplyInput, CheckpointReply as _ppo_v1_CheckpointReply } from '../../ppo/v1/CheckpointReply.ts';
import type { CheckpointRequestInput as _ppo_v1_CheckpointRequestInput, CheckpointRequest as _ppo_v1_CheckpointRequest } from '../../ppo/v1/CheckpointRequest.ts';
import type { ExportModelReplyInput as _ppo_v1_ExportModelReplyInput, ExportModelReply as _ppo_v1_ExportModelReply } from '../../ppo/v1/ExportModelReply.ts';
import type { ExportModelRequestInput as _ppo_v1_ExportModelRequestInput, ExportModelRequest as _ppo_v1_ExportModelRequest } from '../../ppo/v1/ExportModelRequest.ts';
import type { PublishWeightsReplyInput as _ppo_v1_PublishWeightsReplyInput, PublishWeightsReply as _ppo_v1_PublishWeightsReply } from '../../ppo/v1/PublishWeightsReply.ts';
import type { PublishWeightsRequestInput as _ppo_v1_PublishWeightsRequestInput, PublishWeightsRequest as _ppo_v1_PublishWeightsRequest } from '../../ppo/v1/PublishWeightsRequest.ts';
import type { TrainReplyInput as _ppo_v1_TrainReplyInput, TrainReply as _ppo_v1_TrainReply } from '../../ppo/v1/TrainReply.ts';
import type { TrainRequestInput as _ppo_v1_TrainRequestInput, TrainRequest as _ppo_v1_TrainRequest } from '../../ppo/v1/TrainRequest.ts';

export interface TrainerClient extends grpc.Client {
  /**
   * Puts experiences into the rank's buffer for one iteration. Idempotent per (iteration, first_index); a new iteration
   * drops what an older one left.
   */
  AppendExperiences(argument: _ppo_v1_AppendExperiencesRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_AppendExperiencesReply>): grpc.ClientUnaryCall;
  AppendExperiences(argument: _ppo_v1_AppendExperiencesRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_AppendExperiencesReply>): grpc.ClientUnaryCall;
  AppendExperiences(argument: _ppo_v1_AppendExperiencesRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_AppendExperiencesReply>): grpc.ClientUnaryCall;
  AppendExperiences(argument: _ppo_v1_AppendExperiencesRequestInput, callback: grpc.requestCallback<_ppo_v1_AppendExperiencesReply>): grpc.ClientUnaryCall;
  /**
   * Puts experiences into the rank's buffer for one iteration. Idempotent per (iteration, first_index); a new iteration
   * drops what an older one left.
   */
  appendExperiences(argument: _ppo_v1_AppendExperiencesRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_AppendExperiencesReply>): grpc.ClientUnaryCall;
  appendExperiences(argument: _ppo_v1_AppendExperiencesRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_AppendExperiencesReply>): grpc.ClientUnaryCall;
  appendExperiences(argument: _ppo_v1_AppendExperiencesRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_AppendExperiencesReply>): grpc.ClientUnaryCall;
  appendExperiences(argument: _ppo_v1_AppendExperiencesRequestInput, callback: grpc.requestCallback<_ppo_v1_AppendExperiencesReply>): grpc.ClientUnaryCall;
  
  /**
   * Writes a Hugging Face folder (config.json, model.safetensors, tokenizer.json).
   */
  ExportModel(argument: _ppo_v1_ExportModelRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_ExportModelReply>): grpc.ClientUnaryCall;
  ExportModel(argument: _ppo_v1_ExportModelRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_ExportModelReply>): grpc.ClientUnaryCall;
  ExportModel(argument: _ppo_v1_ExportModelRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_ExportModelReply>): grpc.ClientUnaryCall;
  ExportModel(argument: _ppo_v1_ExportModelRequestInput, callback: grpc.requestCallback<_ppo_v1_ExportModelReply>): grpc.ClientUnaryCall;
  /**
   * Writes a Hugging Face folder (config.json, model.safetensors, tokenizer.json).
   */
  exportModel(argument: _ppo_v1_ExportModelRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_ExportModelReply>): grpc.ClientUnaryCall;
  exportModel(argument: _ppo_v1_ExportModelRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_ExportModelReply>): grpc.ClientUnaryCall;
  exportModel(argument: _ppo_v1_ExportModelRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_ExportModelReply>): grpc.ClientUnaryCall;
  exportModel(argument: _ppo_v1_ExportModelRequestInput, callback: grpc.requestCallback<_ppo_v1_ExportModelReply>): grpc.ClientUnaryCall;
  
  /**
   * Loads them back; an empty directory loads the initial model and fresh moments.
   */
  LoadCheckpoint(argument: _ppo_v1_CheckpointRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_CheckpointReply>): grpc.ClientUnaryCall;
  LoadCheckpoint(argument: _ppo_v1_CheckpointRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_CheckpointReply>): grpc.ClientUnaryCall;
  LoadCheckpoint(argument: _ppo_v1_CheckpointRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_CheckpointReply>): grpc.ClientUnaryCall;
  LoadCheckpoint(argument: _ppo_v1_CheckpointRequestInput, callback: grpc.requestCallback<_ppo_v1_CheckpointReply>): grpc.ClientUnaryCall;
  /**
   * Loads them back; an empty directory loads the initial model and fresh moments.
   */
  loadCheckpoint(argument: _ppo_v1_CheckpointRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_CheckpointReply>): grpc.ClientUnaryCall;
  loadCheckpoint(argument: _ppo_v1_CheckpointRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_CheckpointReply>): grpc.ClientUnaryCall;
  loadCheckpoint(argument: _ppo_v1_CheckpointRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_CheckpointReply>): grpc.ClientUnaryCall;
  loadCheckpoint(argument: _ppo_v1_CheckpointRequestInput, callback: grpc.requestCallback<_ppo_v1_CheckpointReply>): grpc.ClientUnaryCall;
  
  /**
   * Rank 0 of the actor only: broadcasts the flat weights over the weight group's communicator.
   */
  PublishWeights(argument: _ppo_v1_PublishWeightsRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_PublishWeightsReply>): grpc.ClientUnaryCall;
  PublishWeights(argument: _ppo_v1_PublishWeightsRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_PublishWeightsReply>): grpc.ClientUnaryCall;
  PublishWeights(argument: _ppo_v1_PublishWeightsRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_PublishWeightsReply>): grpc.ClientUnaryCall;
  PublishWeights(argument: _ppo_v1_PublishWeightsRequestInput, callback: grpc.requestCallback<_ppo_v1_PublishWeightsReply>): grpc.ClientUnaryCall;
  /**
   * Rank 0 of the actor only: broadcasts the flat weights over the weight group's communicator.
   */
  publishWeights(argument: _ppo_v1_PublishWeightsRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_PublishWeightsReply>): grpc.ClientUnaryCall;
  publishWeights(argument: _ppo_v1_PublishWeightsRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_PublishWeightsReply>): grpc.ClientUnaryCall;
  publishWeights(argument: _ppo_v1_PublishWeightsRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_PublishWeightsReply>): grpc.ClientUnaryCall;
  publishWeights(argument: _ppo_v1_PublishWeightsRequestInput, callback: grpc.requestCallback<_ppo_v1_PublishWeightsReply>): grpc.ClientUnaryCall;
  
  /**
   * Writes parameters, moments and step count below `directory` (this rank's own files), fsynced before the reply.
   */
  SaveCheckpoint(argument: _ppo_v1_CheckpointRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_CheckpointReply>): grpc.ClientUnaryCall;
  SaveCheckpoint(argument: _ppo_v1_CheckpointRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_CheckpointReply>): grpc.ClientUnaryCall;
  SaveCheckpoint(argument: _ppo_v1_CheckpointRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_CheckpointReply>): grpc.ClientUnaryCall;
  SaveCheckpoint(argument: _ppo_v1_CheckpointRequestInput, callback: grpc.requestCallback<_ppo_v1_CheckpointReply>): grpc.ClientUnaryCall;
  /**
   * Writes parameters, moments and step count below `directory` (this rank's own files), fsynced before the reply.
   */
  saveCheckpoint(argument: _ppo_v1_CheckpointRequestInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_CheckpointReply>): grpc.ClientUnaryCall;
  saveCheckpoint(argument: _ppo_v1_CheckpointRequestInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_ppo_v1_CheckpointReply>): grpc.ClientUnaryCall;
  saveCheckpoint(argument: _ppo_v1_CheckpointRequestInput, options: grpc.CallOptions, callback: grpc.requestCallback<_ppo_v1_CheckpointReply>): grpc.ClientUnaryCall;
  saveCheckpoint(argument: _ppo_v1_CheckpointRequestInput, callback: grpc.requestCallback<_ppo_v1_CheckpointReply>): grpc.ClientUnaryCall;
  
  /**
   * Runs every train step of the schedule. Streams progress after each, then one result.
   */
  Train(argument: _ppo_v1_TrainRequestInput, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_ppo_v1_TrainReply>;
  Train(argument: _ppo_v1_TrainRequestInput, options?: grpc.CallOptions): grpc.ClientReadableStream<_ppo_v1_TrainReply>;
  /**
   * Runs every train step of the schedule. Streams progress after each, then one result.
   */
  train(argument: _ppo_v1_TrainRequestInput, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_ppo_v1_TrainReply>;
  train(argument: _ppo_v1_TrainRequestInput, options?: grpc.CallOptions): grpc.ClientReadableStream<_ppo_v1_TrainReply>;
  
}

export interface TrainerHandlers extends grpc.UntypedServiceImplementation {
  /**
   * Puts experiences into the rank's buffer for one iteration. Idempotent per (iteration, first_index); a new iteration
   * drops what an older one left.
   */
  AppendExperiences: grpc.handleUnaryCall<_ppo_v1_AppendExperiencesRequest, _ppo_v1_AppendExperiencesReplyInput>;
  
  /**
   * Writes a Hugging Face folder (config.json, model.safetensors, tokenizer.json).
   */
  ExportModel: grpc.handleUnaryCall<_ppo_v1_ExportModelRequest, _ppo_v1_ExportModelReplyInput>;
  
  /**
   * Loads them back; an empty directory loads the initial model and fresh moments.
   */
  LoadCheckpoint: grpc.handleUnaryCall<_ppo_v1_CheckpointRequest, _ppo_v1_CheckpointReplyInput>;
  
  /**
   * Rank 0 of the actor only: broadcasts the flat weights over the weight group's communicator.
   */
  PublishWeights: grpc.handleUnaryCall<_ppo_v1_PublishWeightsRequest, _ppo_v1_PublishWeightsReplyInput>;
  
  /**
   * Writes parameters, moments and step count below `directory` (this rank's own files), fsynced before the reply.
   */
  SaveCheckpoint: grpc.handleUnaryCall<_ppo_v1_CheckpointRequest, _ppo_v1_CheckpointReplyInput>;
  
  /**
   * Runs every train step of the schedule. Streams progress after each, then one result.
   */
  Train: grpc.handleServerStreamingCall<_ppo_v1_TrainRequest, _ppo_v1_TrainReplyInput>;
  
}

export interface TrainerDefinition extends grpc.ServiceDefinition {
  AppendExperiences: MethodDefinition<_ppo_v1_AppendExperiencesRequestInput, _ppo_v1_AppendExperiencesReplyInput, _ppo_v1_AppendExperiencesRequest, _ppo_v1_AppendExperiencesReply>
  ExportModel: MethodDefinition<_ppo_v1_ExportModelRequestInput, _ppo_v1_ExportModelReplyInput, _ppo_v1_ExportModelRequest, _ppo_v1_ExportModelReply>
  LoadCheckpoint: MethodDefinition<_ppo_v1_CheckpointRequestInput, _ppo_v1_CheckpointReplyInput, _ppo_v1_CheckpointRequest, _ppo_v1_CheckpointReply>
  PublishWeights: MethodDefinition<_ppo_v1_PublishWeightsRequestInput, _ppo_v1_PublishWeightsReplyInput, _ppo_v1_PublishWeightsRequest, _ppo_v1_PublishWeightsReply>
  SaveCheckpoint: MethodDefinition<_ppo_v1_CheckpointRequestInput, _ppo_v1_CheckpointReplyInput, _ppo_v1_CheckpointRequest, _ppo_v1_CheckpointReply>
  Train: MethodDefinition<_ppo_v1_TrainRequestInput, _ppo_v1_TrainReplyInput, _ppo_v1_TrainRequest, _ppo_v1_TrainReply>
}
