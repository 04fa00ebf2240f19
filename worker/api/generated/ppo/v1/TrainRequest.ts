// Original file: trainer.proto

import type { TrainStepInput as _ppo_v1_TrainStepInput, TrainStep as _ppo_v1_TrainStep } from '../../ppo/v1/TrainStep.ts';

export interface TrainRequestInput {
  'epoch'?: (number);
  'iteration'?: (number);
  'learningRate'?: (number | string);
  /**
   * PPO epochs x minibatches, in order
   */
  'steps'?: (_ppo_v1_TrainStepInput)[];
}

export interface TrainRequest {
  'epoch': (number);
  'iteration': (number);
  'learningRate': (number);
  /**
   * PPO epochs x minibatches, in order
   */
  'steps': (_ppo_v1_TrainStep)[];
}
