// Original file: scorer.proto


export interface ScoreResultInput {
  'values'?: (number | string)[];
}

export interface ScoreResult {
  'values': (number)[];
}
