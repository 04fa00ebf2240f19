// Original file: group.proto


export interface CreateUniqueIdRequestInput {
  'epoch'?: (number);
}

export interface CreateUniqueIdRequest {
  'epoch': (number);
}
