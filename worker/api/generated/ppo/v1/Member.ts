// Original file: coordinator.proto


/**
 * One worker of the job. `incarnation` is new with every process start.
 */
export interface MemberInput {
  /**
   * generation | actor | critic | reference | reward
   */
  'role'?: (string);
  /**
   * rank (actor, critic) or replica index
   */
  'index'?: (number);
  /**
   * host:port of the worker's gRPC server
   */
  'address'?: (string);
  'incarnation'?: (string);
  'pod'?: (string);
}

/**
 * One worker of the job. `incarnation` is new with every process start.
 */
export interface Member {
  /**
   * generation | actor | critic | reference | reward
   */
  'role': (string);
  /**
   * rank (actor, critic) or replica index
   */
  'index': (number);
  /**
   * host:port of the worker's gRPC server
   */
  'address': (string);
  'incarnation': (string);
  'pod': (string);
}
