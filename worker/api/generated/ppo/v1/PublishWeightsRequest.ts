// Original file: trainer.proto


export interface PublishWeightsRequestInput {
  'epoch'?: (number);
  /**
   * refused unless the trainer holds exactly this version
   */
  'policyVersion'?: (number);
}

export interface PublishWeightsRequest {
  'epoch': (number);
  /**
   * refused unless the trainer holds exactly this version
   */
  'policyVersion': (number);
}
