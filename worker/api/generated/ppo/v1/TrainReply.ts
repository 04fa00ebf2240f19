// Original file: trainer.proto

import type { TrainProgressInput as _ppo_v1_TrainProgressInput, TrainProgress as _ppo_v1_TrainProgress } from '../../ppo/v1/TrainProgress.ts';
import type { TrainResultInput as _ppo_v1_TrainResultInput, TrainResult as _ppo_v1_TrainResult } from '../../ppo/v1/TrainResult.ts';

export interface TrainReplyInput {
  'progress'?: (_ppo_v1_TrainProgressInput | null);
  'result'?: (_ppo_v1_TrainResultInput | null);
  'kind'?: "progress"|"result";
}

export interface TrainReply {
  'progress'?: (_ppo_v1_TrainProgress | null);
  'result'?: (_ppo_v1_TrainResult | null);
  'kind'?: "progress"|"result";
}
