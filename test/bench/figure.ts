/** What a benchmark reports. */

export interface Figure {
  readonly bench: string;
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  /** What `ratio` compares with, measured in the same run; empty where nothing is. */
  readonly reference: string;
  /** value / reference; null where nothing is compared. */
  readonly ratio: number | null;
}

/** A module of test/bench. */
export interface Benchmark {
  run(): Promise<readonly Figure[]>;
}
