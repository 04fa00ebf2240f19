// Original file: communicator.proto

export const Result = {
  SUCCESS: 'SUCCESS',
  UNHANDLED_CUDA_ERROR: 'UNHANDLED_CUDA_ERROR',
  SYSTEM_ERROR: 'SYSTEM_ERROR',
  INTERNAL_ERROR: 'INTERNAL_ERROR',
  INVALID_ARGUMENT: 'INVALID_ARGUMENT',
  INVALID_USAGE: 'INVALID_USAGE',
  REMOTE_ERROR: 'REMOTE_ERROR',
  IN_PROGRESS: 'IN_PROGRESS',
  /**
   * ours: NCCL has none
   */
  TIMEOUT: 'TIMEOUT',
} as const;

export type ResultInput =
  | 'SUCCESS'
  | 0
  | 'UNHANDLED_CUDA_ERROR'
  | 1
  | 'SYSTEM_ERROR'
  | 2
  | 'INTERNAL_ERROR'
  | 3
  | 'INVALID_ARGUMENT'
  | 4
  | 'INVALID_USAGE'
  | 5
  | 'REMOTE_ERROR'
  | 6
  | 'IN_PROGRESS'
  | 7
  /**
   * ours: NCCL has none
   */
  | 'TIMEOUT'
  | 100

export type Result = typeof Result[keyof typeof Result]
