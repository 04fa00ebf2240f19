// Original file: trainer.proto


export interface PublishWeightsReplyInput {
  'checksum'?: (number);
  'bytes'?: (number | string);
  'seconds'?: (number | string);
}

export interface PublishWeightsReply {
  'checksum': (number);
  'bytes': (number);
  'seconds': (number);
}
