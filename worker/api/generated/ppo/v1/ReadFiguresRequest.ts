// Original file: coordinator.proto


export interface ReadFiguresRequestInput {
  /**
   * 0: from the start
   */
  'afterIteration'?: (number);
}

export interface ReadFiguresRequest {
  /**
   * 0: from the start
   */
  'afterIteration': (number);
}
