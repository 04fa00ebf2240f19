// Original file: scorer.proto

import type { ScoreKindInput as _ppo_v1_ScoreKindInput, ScoreKind as _ppo_v1_ScoreKind } from '../../ppo/v1/ScoreKind.ts';
import type { ScoredSequenceInput as _ppo_v1_ScoredSequenceInput, ScoredSequence as _ppo_v1_ScoredSequence } from '../../ppo/v1/ScoredSequence.ts';
import type { ScoredTextInput as _ppo_v1_ScoredTextInput, ScoredText as _ppo_v1_ScoredText } from '../../ppo/v1/ScoredText.ts';

export interface ScoreRequestInput {
  'epoch'?: (number);
  'kind'?: (_ppo_v1_ScoreKindInput);
  'sequences'?: (_ppo_v1_ScoredSequenceInput)[];
  /**
   * one per sequence where a function scores, otherwise none
   */
  'texts'?: (_ppo_v1_ScoredTextInput)[];
}

export interface ScoreRequest {
  'epoch': (number);
  'kind': (_ppo_v1_ScoreKind);
  'sequences': (_ppo_v1_ScoredSequence)[];
  /**
   * one per sequence where a function scores, otherwise none
   */
  'texts': (_ppo_v1_ScoredText)[];
}
