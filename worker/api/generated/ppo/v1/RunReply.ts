// Original file: communicator.proto

import type { ResultInput as _ppo_v1_ResultInput, Result as _ppo_v1_Result } from '../../ppo/v1/Result.ts';

export interface RunReplyInput {
  'result'?: (_ppo_v1_ResultInput);
  'message'?: (string);
  'seconds'?: (number | string);
  /**
   * sent by this rank
   */
  'bytes'?: (number | string);
}

export interface RunReply {
  'result': (_ppo_v1_Result);
  'message': (string);
  'seconds': (number);
  /**
   * sent by this rank
   */
  'bytes': (number);
}
