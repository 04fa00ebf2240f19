import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { GenerateProgressInput as _ppo_v1_GenerateProgressInput, GenerateProgress as _ppo_v1_GenerateProgress } from './ppo/v1/GenerateProgress.ts';
import type { GenerateReplyInput as _ppo_v1_GenerateReplyInput, GenerateReply as _ppo_v1_GenerateReply } from './ppo/v1/GenerateReply.ts';
import type { GenerateRequestInput as _ppo_v1_GenerateRequestInput, GenerateRequest as _ppo_v1_GenerateRequest } from './ppo/v1/GenerateRequest.ts';
import type { GenerationClient as _ppo_v1_GenerationClient, GenerationDefinition as _ppo_v1_GenerationDefinition } from './ppo/v1/Generation.ts';
import type { PromptRequestInput as _ppo_v1_PromptRequestInput, PromptRequest as _ppo_v1_PromptRequest } from './ppo/v1/PromptRequest.ts';
import type { ReceiveWeightsReplyInput as _ppo_v1_ReceiveWeightsReplyInput, ReceiveWeightsReply as _ppo_v1_ReceiveWeightsReply } from './ppo/v1/ReceiveWeightsReply.ts';
import type { ReceiveWeightsRequestInput as _ppo_v1_ReceiveWeightsRequestInput, ReceiveWeightsRequest as _ppo_v1_ReceiveWeightsRequest } from './ppo/v1/ReceiveWeightsRequest.ts';
import type { ResponseInput as _ppo_v1_ResponseInput, Response as _ppo_v1_Response } from './ppo/v1/Response.ts';
import type { SamplingParamsInput as _ppo_v1_SamplingParamsInput, SamplingParams as _ppo_v1_SamplingParams } from './ppo/v1/SamplingParams.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  ppo: {
    v1: {
      GenerateProgress: MessageTypeDefinition<_ppo_v1_GenerateProgressInput, _ppo_v1_GenerateProgress>
      GenerateReply: MessageTypeDefinition<_ppo_v1_GenerateReplyInput, _ppo_v1_GenerateReply>
      GenerateRequest: MessageTypeDefinition<_ppo_v1_GenerateRequestInput, _ppo_v1_GenerateRequest>
      Generation: SubtypeConstructor<typeof grpc.Client, _ppo_v1_GenerationClient> & { service: _ppo_v1_GenerationDefinition }
      PromptRequest: MessageTypeDefinition<_ppo_v1_PromptRequestInput, _ppo_v1_PromptRequest>
      ReceiveWeightsReply: MessageTypeDefinition<_ppo_v1_ReceiveWeightsReplyInput, _ppo_v1_ReceiveWeightsReply>
      ReceiveWeightsRequest: MessageTypeDefinition<_ppo_v1_ReceiveWeightsRequestInput, _ppo_v1_ReceiveWeightsRequest>
      Response: MessageTypeDefinition<_ppo_v1_ResponseInput, _ppo_v1_Response>
      SamplingParams: MessageTypeDefinition<_ppo_v1_SamplingParamsInput, _ppo_v1_SamplingParams>
    }
  }
}

