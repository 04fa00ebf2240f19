// Original file: communicator.proto

export const OperationKind = {
  OPERATION_UNSPECIFIED: 'OPERATION_UNSPECIFIED',
  BROADCAST: 'BROADCAST',
  ALL_REDUCE: 'ALL_REDUCE',
  ALL_GATHER: 'ALL_GATHER',
  REDUCE_SCATTER: 'REDUCE_SCATTER',
  SEND: 'SEND',
  RECEIVE: 'RECEIVE',
  BARRIER: 'BARRIER',
} as const;

export type OperationKindInput =
  | 'OPERATION_UNSPECIFIED'
  | 0
  | 'BROADCAST'
  | 1
  | 'ALL_REDUCE'
  | 2
  | 'ALL_GATHER'
  | 3
  | 'REDUCE_SCATTER'
  | 4
  | 'SEND'
  | 5
  | 'RECEIVE'
  | 6
  | 'BARRIER'
  | 7

export type OperationKind = typeof OperationKind[keyof typeof OperationKind]
