// Original file: coordinator.proto


export interface HeartbeatReplyInput {
  /**
   * false: this coordinator doesn't know the incarnation; register again.
   */
  'known'?: (boolean);
  'epoch'?: (number);
}

export interface HeartbeatReply {
  /**
   * false: this coordinator doesn't know the incarnation; register again.
   */
  'known': (boolean);
  'epoch': (number);
}
