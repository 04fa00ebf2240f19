// Original file: coordinator.proto


/**
 * One figure's values, in the order of their iterations; as many values as iterations.
 */
export interface FigureSeriesInput {
  /**
   * as in Progress.metrics
   */
  'name'?: (string);
  'iterations'?: (number)[];
  'values'?: (number | string)[];
}

/**
 * One figure's values, in the order of their iterations; as many values as iterations.
 */
export interface FigureSeries {
  /**
   * as in Progress.metrics
   */
  'name': (string);
  'iterations': (number)[];
  'values': (number)[];
}
