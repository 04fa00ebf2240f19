// Original file: trainer.proto

import type { TrainingExperienceInput as _ppo_v1_TrainingExperienceInput, TrainingExperience as _ppo_v1_TrainingExperience } from '../../ppo/v1/TrainingExperience.ts';

export interface AppendExperiencesRequestInput {
  'epoch'?: (number);
  'iteration'?: (number);
  'firstIndex'?: (number);
  'experiences'?: (_ppo_v1_TrainingExperienceInput)[];
}

export interface AppendExperiencesRequest {
  'epoch': (number);
  'iteration': (number);
  'firstIndex': (number);
  'experiences': (_ppo_v1_TrainingExperience)[];
}
