// Original file: communicator.proto

import type { ResultInput as _ppo_v1_ResultInput, Result as _ppo_v1_Result } from '../../ppo/v1/Result.ts';

export interface CommInitRankReplyInput {
  'result'?: (_ppo_v1_ResultInput);
  'message'?: (string);
  /**
   * handle for later calls
   */
  'comm'?: (string);
}

export interface CommInitRankReply {
  'result': (_ppo_v1_Result);
  'message': (string);
  /**
   * handle for later calls
   */
  'comm': (string);
}
