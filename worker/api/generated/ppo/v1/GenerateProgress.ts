// Original file: generation.proto


export interface GenerateProgressInput {
  'numRunning'?: (number);
  'numWaiting'?: (number);
  /**
   * of this call
   */
  'tokensGenerated'?: (number | string);
}

export interface GenerateProgress {
  'numRunning': (number);
  'numWaiting': (number);
  /**
   * of this call
   */
  'tokensGenerated': (number);
}
