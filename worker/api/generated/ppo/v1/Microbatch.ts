// Original file: trainer.proto


export interface MicrobatchInput {
  /**
   * into this rank's buffer
   */
  'experienceIndices'?: (number)[];
}

export interface Microbatch {
  /**
   * into this rank's buffer
   */
  'experienceIndices': (number)[];
}
