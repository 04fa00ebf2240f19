// Original file: trainer.proto


export interface CheckpointReplyInput {
  'version'?: (number);
  'checksum'?: (number);
  'bytes'?: (number | string);
}

export interface CheckpointReply {
  'version': (number);
  'checksum': (number);
  'bytes': (number);
}
