// Original file: communicator.proto

/**
 * ncclRedOp_t's numbers.
 */
export const ReduceOp = {
  SUM: 'SUM',
  PROD: 'PROD',
  MAX: 'MAX',
  MIN: 'MIN',
  AVG: 'AVG',
} as const;

/**
 * ncclRedOp_t's numbers.
 */
export type ReduceOpInput =
  | 'SUM'
  | 0
  | 'PROD'
  | 1
  | 'MAX'
  | 2
  | 'MIN'
  | 3
  | 'AVG'
  | 4

/**
 * ncclRedOp_t's numbers.
 */
export type ReduceOp = typeof ReduceOp[keyof typeof ReduceOp]
