// Original file: scorer.proto


/**
 * What a reward function gets beside the tokens.
 */
export interface ScoredTextInput {
  /**
   * as the dataset has it
   */
  'prompt'?: (string);
  /**
   * the dataset's; absent where the line has none
   */
  'answer'?: (string);
  /**
   * the response ended by itself, not at the token limit
   */
  'isFinished'?: (boolean);
  '_answer'?: "answer";
}

/**
 * What a reward function gets beside the tokens.
 */
export interface ScoredText {
  /**
   * as the dataset has it
   */
  'prompt': (string);
  /**
   * the dataset's; absent where the line has none
   */
  'answer'?: (string);
  /**
   * the response ended by itself, not at the token limit
   */
  'isFinished': (boolean);
  '_answer'?: "answer";
}
