// Original file: communicator.proto

import type { ResultInput as _ppo_v1_ResultInput, Result as _ppo_v1_Result } from '../../ppo/v1/Result.ts';

export interface GetUniqueIdReplyInput {
  'result'?: (_ppo_v1_ResultInput);
  'message'?: (string);
  /**
   * 128 bytes
   */
  'uniqueId'?: (Buffer | Uint8Array | string);
}

export interface GetUniqueIdReply {
  'result': (_ppo_v1_Result);
  'message': (string);
  /**
   * 128 bytes
   */
  'uniqueId': (Buffer);
}
