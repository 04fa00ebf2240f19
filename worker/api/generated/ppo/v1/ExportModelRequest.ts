// Original file: trainer.proto


export interface ExportModelRequestInput {
  'epoch'?: (number);
  'directory'?: (string);
}

export interface ExportModelRequest {
  'epoch': (number);
  'directory': (string);
}
