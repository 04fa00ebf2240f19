// Original file: group.proto


export interface JoinGroupRequestInput {
  'epoch'?: (number);
  /**
   * weights | actor | critic
   */
  'group'?: (string);
  'uniqueId'?: (Buffer | Uint8Array | string);
  'rank'?: (number);
  'worldSize'?: (number);
}

export interface JoinGroupRequest {
  'epoch': (number);
  /**
   * weights | actor | critic
   */
  'group': (string);
  'uniqueId': (Buffer);
  'rank': (number);
  'worldSize': (number);
}
