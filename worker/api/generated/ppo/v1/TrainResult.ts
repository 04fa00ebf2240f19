// Original file: trainer.proto


export interface TrainResultInput {
  /**
   * iteration + 1: the version these weights are
   */
  'version'?: (number);
  /**
   * CRC-32 of the flat weights
   */
  'checksum'?: (number);
  /**
   * means over the steps: loss, clipFraction, gradientNorm, ...
   */
  'metrics'?: ({[key: string]: number | string});
  'seconds'?: (number | string);
  'tokens'?: (number | string);
}

export interface TrainResult {
  /**
   * iteration + 1: the version these weights are
   */
  'version': (number);
  /**
   * CRC-32 of the flat weights
   */
  'checksum': (number);
  /**
   * means over the steps: loss, clipFraction, gradientNorm, ...
   */
  'metrics': ({[key: string]: number});
  'seconds': (number);
  'tokens': (number);
}
