// Original file: trainer.proto

import type { MicrobatchInput as _ppo_v1_MicrobatchInput, Microbatch as _ppo_v1_Microbatch } from '../../ppo/v1/Microbatch.ts';

export interface TrainStepInput {
  /**
   * the same number on every rank; may be empty of experiences
   */
  'microbatches'?: (_ppo_v1_MicrobatchInput)[];
  /**
   * response tokens of the step over all ranks: the loss's denominator
   */
  'numTokens'?: (number | string);
}

export interface TrainStep {
  /**
   * the same number on every rank; may be empty of experiences
   */
  'microbatches': (_ppo_v1_Microbatch)[];
  /**
   * response tokens of the step over all ranks: the loss's denominator
   */
  'numTokens': (number);
}
