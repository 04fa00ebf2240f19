// Original file: generation.proto


export interface ReceiveWeightsReplyInput {
  'policyVersion'?: (number);
  'bytes'?: (number | string);
  'receiveSeconds'?: (number | string);
  'flipSeconds'?: (number | string);
}

export interface ReceiveWeightsReply {
  'policyVersion': (number);
  'bytes': (number);
  'receiveSeconds': (number);
  'flipSeconds': (number);
}
