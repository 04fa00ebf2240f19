/**
 * All trackers of a job as one. A tracker that fails costs the job nothing: it is logged once, counted, and gets the next
 * iteration all the same. Knows no tracker.
 */
import type { Counter, Registry } from 'prom-client';
import type { Logger } from '../../service/log.ts';
import { Series } from '../../service/series.ts';
import type { TrackedIteration, Tracker } from './tracker.ts';

export interface TrackersOptions {
  readonly trackers: readonly Tracker[];
  /** Responses of an iteration that some tracker shows. */
  readonly sampleResponses: number;
  readonly registry: Registry;
  readonly log: Logger;
}

export class Trackers {
  readonly #trackers: readonly Tracker[];
  readonly #log: Logger;
  readonly #failures: Counter<'tracker'>;
  readonly #failing = new Set<Tracker>();
  readonly sampleResponses: number;

  constructor({ trackers, sampleResponses, registry, log }: TrackersOptions) {
    this.#trackers = trackers;
    this.#log = log;
    this.sampleResponses = sampleResponses;
    const failures = 'Times that a tracker could not write what it was given';
    this.#failures = new Series(registry).counterBy('ppo_tracking_failures_total', failures, ['tracker']);
    for (const { name } of trackers) this.#failures.inc({ tracker: name }, 0);
  }

  resume(iteration: number): void {
    this.#each((tracker) => tracker.resume(iteration));
  }

  log(entry: TrackedIteration): void {
    this.#each((tracker) => tracker.log(entry));
  }

  finish(isSuccess: boolean): void {
    this.#each((tracker) => tracker.finish(isSuccess));
  }

  close(): void {
    this.#each((tracker) => tracker.close());
  }

  #each(act: (tracker: Tracker) => void): void {
    for (const tracker of this.#trackers) {
      try {
        act(tracker);
        if (this.#failing.delete(tracker)) this.#log.info({ tracker: tracker.name }, 'the tracker works again');
      } catch (error) {
        this.#failures.inc({ tracker: tracker.name });
        if (this.#failing.has(tracker)) continue;
        this.#failing.add(tracker);
        this.#log.warn({ err: error, tracker: tracker.name }, 'a tracker fails; the job goes on without it');
      }
    }
  }
}
