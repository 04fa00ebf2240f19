/** What a tracker gets to hear of a job, and what it must do with it. Knows no tracker. */

/** A response as people read it. */
export interface ResponseSample {
  readonly prompt: string;
  readonly response: string;
  readonly score: number;
}

export interface TrackedIteration {
  /** Iterations done; 0 is what was measured before the first. */
  readonly iteration: number;
  /** By names such as rollout/score, as in metrics.jsonl. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Some of the iteration's responses. */
  readonly samples: readonly ResponseSample[];
}

/** Every method may throw what a disk says: its caller counts that, and calls again with the next iteration. */
export interface Tracker {
  /** For messages and metrics. */
  readonly name: 'tensorboard' | 'wandb';
  /** The job goes on after `iteration`: whatever was written of later ones doesn't count any more. */
  resume(iteration: number): void;
  log(entry: TrackedIteration): void;
  /** The job is over. Not called where only this process ends. */
  finish(isSuccess: boolean): void;
  close(): void;
}
