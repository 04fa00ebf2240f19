// Original file: communicator.proto

import type { OperationKindInput as _ppo_v1_OperationKindInput, OperationKind as _ppo_v1_OperationKind } from '../../ppo/v1/OperationKind.ts';
import type { BufferRangeInput as _ppo_v1_BufferRangeInput, BufferRange as _ppo_v1_BufferRange } from '../../ppo/v1/BufferRange.ts';
import type { DataTypeInput as _ppo_v1_DataTypeInput, DataType as _ppo_v1_DataType } from '../../ppo/v1/DataType.ts';
import type { ReduceOpInput as _ppo_v1_ReduceOpInput, ReduceOp as _ppo_v1_ReduceOp } from '../../ppo/v1/ReduceOp.ts';

export interface OperationInput {
  'kind'?: (_ppo_v1_OperationKindInput);
  /**
   * in place where send equals receive
   */
  'send'?: (_ppo_v1_BufferRangeInput | null);
  'receive'?: (_ppo_v1_BufferRangeInput | null);
  /**
   * elements, with NCCL's meaning per collective
   */
  'count'?: (number | string);
  'dataType'?: (_ppo_v1_DataTypeInput);
  'reduceOp'?: (_ppo_v1_ReduceOpInput);
  /**
   * root of a broadcast, peer of send and receive
   */
  'peer'?: (number);
}

export interface Operation {
  'kind': (_ppo_v1_OperationKind);
  /**
   * in place where send equals receive
   */
  'send': (_ppo_v1_BufferRange | null);
  'receive': (_ppo_v1_BufferRange | null);
  /**
   * elements, with NCCL's meaning per collective
   */
  'count': (number);
  'dataType': (_ppo_v1_DataType);
  'reduceOp': (_ppo_v1_ReduceOp);
  /**
   * root of a broadcast, peer of send and receive
   */
  'peer': (number);
}
