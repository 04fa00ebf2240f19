// Original file: generation.proto


export interface ResponseInput {
  'requestId'?: (number);
  /**
   * [R], the stop token included
   */
  'tokenIds'?: (number)[];
  /**
   * [R], natural log at the sampling temperature (1 where greedy), no truncation
   */
  'logprobs'?: (number | string)[];
  /**
   * stop | length | abort
   */
  'finishReason'?: (string);
  /**
   * [R], the version that made each token
   */
  'policyVersions'?: (number)[];
}

export interface Response {
  'requestId': (number);
  /**
   * [R], the stop token included
   */
  'tokenIds': (number)[];
  /**
   * [R], natural log at the sampling temperature (1 where greedy), no truncation
   */
  'logprobs': (number)[];
  /**
   * stop | length | abort
   */
  'finishReason': (string);
  /**
   * [R], the version that made each token
   */
  'policyVersions': (number)[];
}
