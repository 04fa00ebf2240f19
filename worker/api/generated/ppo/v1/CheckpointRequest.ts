// Original file: trainer.proto


export interface CheckpointRequestInput {
  'epoch'?: (number);
  'iteration'?: (number);
  'directory'?: (string);
}

export interface CheckpointRequest {
  'epoch': (number);
  'iteration': (number);
  'directory': (string);
}
