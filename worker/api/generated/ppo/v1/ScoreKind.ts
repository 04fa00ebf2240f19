// Original file: scorer.proto

export const ScoreKind = {
  SCORE_KIND_UNSPECIFIED: 'SCORE_KIND_UNSPECIFIED',
  /**
   * [R] per sequence: log probability of each response token
   */
  LOGPROBS: 'LOGPROBS',
  /**
   * [R] per sequence: value at the position before each response token
   */
  VALUES: 'VALUES',
  /**
   * [1] per sequence: one score per response
   */
  REWARDS: 'REWARDS',
} as const;

export type ScoreKindInput =
  | 'SCORE_KIND_UNSPECIFIED'
  | 0
  /**
   * [R] per sequence: log probability of each response token
   */
  | 'LOGPROBS'
  | 1
  /**
   * [R] per sequence: value at the position before each response token
   */
  | 'VALUES'
  | 2
  /**
   * [1] per sequence: one score per response
   */
  | 'REWARDS'
  | 3

export type ScoreKind = typeof ScoreKind[keyof typeof ScoreKind]
