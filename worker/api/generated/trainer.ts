import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { AppendExperiencesReplyInput as _ppo_v1_AppendExperiencesReplyInput, AppendExperiencesReply as _ppo_v1_AppendExperiencesReply } from './ppo/v1/AppendExperiencesReply.ts';
import type { AppendExperiencesRequestInput as _ppo_v1_AppendExperiencesRequestInput, AppendExperiencesRequest as _ppo_v1_AppendExperiencesRequest } from './ppo/v1/AppendExperiencesRequest.ts';
import type { CheckpointReplyInput as _ppo_v1_CheckpointReplyInput, CheckpointReply as _ppo_v1_CheckpointReply } from './ppo/v1/CheckpointReply.ts';
import type { CheckpointRequestInput as _ppo_v1_CheckpointRequestInput, CheckpointRequest as _ppo_v1_CheckpointRequest } from './ppo/v1/CheckpointRequest.ts';
import type { ExportModelReplyInput as _ppo_v1_ExportModelReplyInput, ExportModelReply as _ppo_v1_ExportModelReply } from './ppo/v1/ExportModelReply.ts';
import type { ExportModelRequestInput as _ppo_v1_ExportModelRequestInput, ExportModelRequest as _ppo_v1_ExportModelRequest } from './ppo/v1/ExportModelRequest.ts';
import type { MicrobatchInput as _ppo_v1_MicrobatchInput, Microbatch as _ppo_v1_Microbatch } from './ppo/v1/Microbatch.ts';
import type { PublishWeightsReplyInput as _ppo_v1_PublishWeightsReplyInput, PublishWeightsReply as _ppo_v1_PublishWeightsReply } from './ppo/v1/PublishWeightsReply.ts';
import type { PublishWeightsRequestInput as _ppo_v1_PublishWeightsRequestInput, PublishWeightsRequest as _ppo_v1_PublishWeightsRequest } from './ppo/v1/PublishWeightsRequest.ts';
import type { TrainProgressInput as _ppo_v1_TrainProgressInput, TrainProgress as _ppo_v1_TrainProgress } from './ppo/v1/TrainProgress.ts';
import type { TrainReplyInput as _ppo_v1_TrainReplyInput, TrainReply as _ppo_v1_TrainReply } from './ppo/v1/TrainReply.ts';
import type { TrainRequestInput as _ppo_v1_TrainRequestInput, TrainRequest as _ppo_v1_TrainRequest } from './ppo/v1/TrainRequest.ts';
import type { TrainResultInput as _ppo_v1_TrainResultInput, TrainResult as _ppo_v1_TrainResult } from './ppo/v1/TrainResult.ts';
import type { TrainStepInput as _ppo_v1_TrainStepInput, TrainStep as _ppo_v1_TrainStep } from './ppo/v1/TrainStep.ts';
import type { TrainerClient as _ppo_v1_TrainerClient, TrainerDefinition as _ppo_v1_TrainerDefinition } from './ppo/v1/Trainer.ts';
import type { TrainingExperienceInput as _ppo_v1_TrainingExperienceInput, TrainingExperience as _ppo_v1_TrainingExperience } from './ppo/v1/TrainingExperience.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  ppo: {
    v1: {
      AppendExperiencesReply: MessageTypeDefinition<_ppo_v1_AppendExperiencesReplyInput, _ppo_v1_AppendExperiencesReply>
      AppendExperiencesRequest: MessageTypeDefinition<_ppo_v1_AppendExperiencesRequestInput, _ppo_v1_AppendExperiencesRequest>
      CheckpointReply: MessageTypeDefinition<_ppo_v1_CheckpointReplyInput, _ppo_v1_CheckpointReply>
      CheckpointRequest: MessageTypeDefinition<_ppo_v1_CheckpointRequestInput, _ppo_v1_CheckpointRequest>
      ExportModelReply: MessageTypeDefinition<_ppo_v1_ExportModelReplyInput, _ppo_v1_ExportModelReply>
      ExportModelRequest: MessageTypeDefinition<_ppo_v1_ExportModelRequestInput, _ppo_v1_ExportModelRequest>
      Microbatch: MessageTypeDefinition<_ppo_v1_MicrobatchInput, _ppo_v1_Microbatch>
      PublishWeightsReply: MessageTypeDefinition<_ppo_v1_PublishWeightsReplyInput, _ppo_v1_PublishWeightsReply>
      PublishWeightsRequest: MessageTypeDefinition<_ppo_v1_PublishWeightsRequestInput, _ppo_v1_PublishWeightsRequest>
      TrainProgress: MessageTypeDefinition<_ppo_v1_TrainProgressInput, _ppo_v1_TrainProgress>
      TrainReply: MessageTypeDefinition<_ppo_v1_TrainReplyInput, _ppo_v1_TrainReply>
      TrainRequest: MessageTypeDefinition<_ppo_v1_TrainRequestInput, _ppo_v1_TrainRequest>
      TrainResult: MessageTypeDefinition<_ppo_v1_TrainResultInput, _ppo_v1_TrainResult>
      TrainStep: MessageTypeDefinition<_ppo_v1_TrainStepInput, _ppo_v1_TrainStep>
      Trainer: SubtypeConstructor<typeof grpc.Client, _ppo_v1_TrainerClient> & { service: _ppo_v1_TrainerDefinition }
      TrainingExperience: MessageTypeDefinition<_ppo_v1_TrainingExperienceInput, _ppo_v1_TrainingExperience>
    }
  }
}

