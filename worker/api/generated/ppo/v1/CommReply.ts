// Original file: communicator.proto

import type { ResultInput as _ppo_v1_ResultInput, Result as _ppo_v1_Result } from '../../ppo/v1/Result.ts';

export interface CommReplyInput {
  'result'?: (_ppo_v1_ResultInput);
  'message'?: (string);
}

export interface CommReply {
  'result': (_ppo_v1_Result);
  'message': (string);
}
