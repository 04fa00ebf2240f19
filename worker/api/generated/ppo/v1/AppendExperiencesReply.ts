// Original file: trainer.proto


export interface AppendExperiencesReplyInput {
  /**
   * held for this iteration now
   */
  'numExperiences'?: (number);
}

export interface AppendExperiencesReply {
  /**
   * held for this iteration now
   */
  'numExperiences': (number);
}
