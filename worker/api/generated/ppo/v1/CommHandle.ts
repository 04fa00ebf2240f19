// Original file: communicator.proto


export interface CommHandleInput {
  'comm'?: (string);
}

export interface CommHandle {
  'comm': (string);
}
