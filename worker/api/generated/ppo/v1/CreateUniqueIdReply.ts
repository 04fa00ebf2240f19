// Original file: group.proto


export interface CreateUniqueIdReplyInput {
  /**
   * 128 bytes
   */
  'uniqueId'?: (Buffer | Uint8Array | string);
}

export interface CreateUniqueIdReply {
  /**
   * 128 bytes
   */
  'uniqueId': (Buffer);
}
