// Original file: communicator.proto


export interface CommInitRankRequestInput {
  'uniqueId'?: (Buffer | Uint8Array | string);
  'worldSize'?: (number);
  'rank'?: (number);
  'timeoutSeconds'?: (number | string);
}

export interface CommInitRankRequest {
  'uniqueId': (Buffer);
  'worldSize': (number);
  'rank': (number);
  'timeoutSeconds': (number);
}
