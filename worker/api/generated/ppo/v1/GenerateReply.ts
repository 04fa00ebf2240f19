// Original file: generation.proto

import type { ResponseInput as _ppo_v1_ResponseInput, Response as _ppo_v1_Response } from '../../ppo/v1/Response.ts';
import type { GenerateProgressInput as _ppo_v1_GenerateProgressInput, GenerateProgress as _ppo_v1_GenerateProgress } from '../../ppo/v1/GenerateProgress.ts';

export interface GenerateReplyInput {
  'response'?: (_ppo_v1_ResponseInput | null);
  'progress'?: (_ppo_v1_GenerateProgressInput | null);
  'kind'?: "response"|"progress";
}

export interface GenerateReply {
  'response'?: (_ppo_v1_Response | null);
  'progress'?: (_ppo_v1_GenerateProgress | null);
  'kind'?: "response"|"progress";
}
