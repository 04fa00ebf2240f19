// Original file: trainer.proto


export interface ExportModelReplyInput {
  'bytes'?: (number | string);
}

export interface ExportModelReply {
  'bytes': (number);
}
