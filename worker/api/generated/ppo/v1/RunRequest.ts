// Original file: communicator.proto

import type { OperationInput as _ppo_v1_OperationInput, Operation as _ppo_v1_Operation } from '../../ppo/v1/Operation.ts';

export interface RunRequestInput {
  'comm'?: (string);
  'operations'?: (_ppo_v1_OperationInput)[];
  'timeoutSeconds'?: (number | string);
}

export interface RunRequest {
  'comm': (string);
  'operations': (_ppo_v1_Operation)[];
  'timeoutSeconds': (number);
}
