// Original file: communicator.proto

/**
 * ncclDataType_t's numbers.
 */
export const DataType = {
  INT8: 'INT8',
  UINT8: 'UINT8',
  INT32: 'INT32',
  UINT32: 'UINT32',
  INT64: 'INT64',
  UINT64: 'UINT64',
  FLOAT16: 'FLOAT16',
  FLOAT32: 'FLOAT32',
  FLOAT64: 'FLOAT64',
  BFLOAT16: 'BFLOAT16',
} as const;

/**
 * ncclDataType_t's numbers.
 */
export type DataTypeInput =
  | 'INT8'
  | 0
  | 'UINT8'
  | 1
  | 'INT32'
  | 2
  | 'UINT32'
  | 3
  | 'INT64'
  | 4
  | 'UINT64'
  | 5
  | 'FLOAT16'
  | 6
  | 'FLOAT32'
  | 7
  | 'FLOAT64'
  | 8
  | 'BFLOAT16'
  | 9

/**
 * ncclDataType_t's numbers.
 */
export type DataType = typeof DataType[keyof typeof DataType]
