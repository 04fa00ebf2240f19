// Original file: generation.proto


export interface SamplingParamsInput {
  'maxTokens'?: (number);
  /**
   * 0: greedy
   */
  'temperature'?: (number | string);
  /**
   * 1: off
   */
  'topP'?: (number | string);
  /**
   * 0: off
   */
  'topK'?: (number);
  'stopTokenIds'?: (number)[];
}

export interface SamplingParams {
  'maxTokens': (number);
  /**
   * 0: greedy
   */
  'temperature': (number);
  /**
   * 1: off
   */
  'topP': (number);
  /**
   * 0: off
   */
  'topK': (number);
  'stopTokenIds': (number)[];
}
