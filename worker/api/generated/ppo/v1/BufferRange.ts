// Original file: communicator.proto


/**
 * A range of a file in the shared folder.
 */
export interface BufferRangeInput {
  /**
   * plain file name, no separators
   */
  'name'?: (string);
  'offsetBytes'?: (number | string);
}

/**
 * A range of a file in the shared folder.
 */
export interface BufferRange {
  /**
   * plain file name, no separators
   */
  'name': (string);
  'offsetBytes': (number);
}
