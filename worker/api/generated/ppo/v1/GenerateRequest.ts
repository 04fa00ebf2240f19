// Original file: generation.proto

import type { SamplingParamsInput as _ppo_v1_SamplingParamsInput, SamplingParams as _ppo_v1_SamplingParams } from '../../ppo/v1/SamplingParams.ts';
import type { PromptRequestInput as _ppo_v1_PromptRequestInput, PromptRequest as _ppo_v1_PromptRequest } from '../../ppo/v1/PromptRequest.ts';

export interface GenerateRequestInput {
  'epoch'?: (number);
  /**
   * refused with FAILED_PRECONDITION while the server holds an older one
   */
  'policyVersion'?: (number);
  'sampling'?: (_ppo_v1_SamplingParamsInput | null);
  'prompts'?: (_ppo_v1_PromptRequestInput)[];
}

export interface GenerateRequest {
  'epoch': (number);
  /**
   * refused with FAILED_PRECONDITION while the server holds an older one
   */
  'policyVersion': (number);
  'sampling': (_ppo_v1_SamplingParams | null);
  'prompts': (_ppo_v1_PromptRequest)[];
}
