// Original file: generation.proto


export interface PromptRequestInput {
  /**
   * unique within the call
   */
  'requestId'?: (number);
  'tokenIds'?: (number)[];
  /**
   * of this response alone: the same seed gives the same tokens in any batch, on any replica
   */
  'seed'?: (number);
}

export interface PromptRequest {
  /**
   * unique within the call
   */
  'requestId': (number);
  'tokenIds': (number)[];
  /**
   * of this response alone: the same seed gives the same tokens in any batch, on any replica
   */
  'seed': (number);
}
