// Original file: scorer.proto

import type { ScoreResultInput as _ppo_v1_ScoreResultInput, ScoreResult as _ppo_v1_ScoreResult } from '../../ppo/v1/ScoreResult.ts';

/**
 * Without results: nothing new, but the scorer is at work.
 */
export interface ScoreReplyInput {
  /**
   * index in the request of results[0]
   */
  'firstIndex'?: (number);
  'results'?: (_ppo_v1_ScoreResultInput)[];
}

/**
 * Without results: nothing new, but the scorer is at work.
 */
export interface ScoreReply {
  /**
   * index in the request of results[0]
   */
  'firstIndex': (number);
  'results': (_ppo_v1_ScoreResult)[];
}
