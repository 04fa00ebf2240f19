// Original file: scorer.proto

import type { ScoreResultInput as _ppo_v1_ScoreResultInput, ScoreResult as _ppo_v1_ScoreResult } from '../../ppo/v1/ScoreResult.ts';

export interface ScoreReplyInput {
  /**
   * index in the request of results[0]
   */
  'firstIndex'?: (number);
  'results'?: (_ppo_v1_ScoreResultInput)[];
}

export interface ScoreReply {
  /**
   * index in the request of results[0]
   */
  'firstIndex': (number);
  'results': (_ppo_v1_ScoreResult)[];
}
