// Original file: scorer.proto


/**
 * A prompt and its response, no padding.
 */
export interface ScoredSequenceInput {
  /**
   * [P + R]
   */
  'tokenIds'?: (number)[];
  /**
   * P >= 1
   */
  'promptLength'?: (number);
}

/**
 * A prompt and its response, no padding.
 */
export interface ScoredSequence {
  /**
   * [P + R]
   */
  'tokenIds': (number)[];
  /**
   * P >= 1
   */
  'promptLength': (number);
}
