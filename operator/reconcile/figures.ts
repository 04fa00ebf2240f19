// What the operator remembers of its jobs' curves: of each job what its coordinator has said of finished iterations, in
// bounded memory over all jobs. Outlives a job's end, but not this process: whoever follows a coordinator fills in what it
// missed. It refuses to know where figures come from, and who draws them.

import type { Progress } from '../../worker/api/generated/ppo/v1/Progress.ts';
import { FigureHistory, type FigureSeries } from '../../worker/coordinator/figure-history.ts';
import type { Clock } from '../cluster/clock.ts';

/** Told by whoever listens to coordinators. */
export interface FigureRecorder {
  /** The iteration after which figures are missing, so that the coordinator should be asked for them; null: none are. */
  record(key: string, jobUid: string, progress: Progress): number | null;
  /** The coordinator's answer. */
  fill(key: string, jobUid: string, series: readonly FigureSeries[]): void;
}

export const NO_FIGURES: FigureRecorder = { record: () => null, fill: () => {} };

export interface JobFigures {
  /** Another one whenever `series` is another. */
  readonly revision: number;
  /** When the coordinator was last heard; null where nobody listens to it. */
  readonly heardAtMs: number | null;
  readonly series: readonly FigureSeries[];
}

export interface FigureSource {
  /** Null when nothing is known of this job. */
  read(key: string, jobUid: string): JobFigures | null;
}

/** About 32 MB: 60 jobs of the longest kind, or 500 of 200 iterations. */
const MAX_POINTS_OF_ALL = 2_000_000;
/** Phases in which the coordinator has not said yet where the job stands. */
const BEFORE_RESTORED: ReadonlySet<string> = new Set(['WaitingForWorkers', 'Starting']);

interface Known {
  readonly jobUid: string;
  readonly history: FigureHistory;
  numPoints: number;
  revision: number;
  heardAtMs: number;
  /** Figures of iterations after this one have been missed, and not been filled in. */
  missingAfter: number | null;
}

export class FigureStore implements FigureRecorder, FigureSource {
  readonly #clock: Clock;
  readonly #maxPoints: number;
  /** The job that was heard last is last. */
  readonly #known = new Map<string, Known>();
  #numPoints = 0;

  constructor(options: { readonly clock: Clock; readonly maxPoints?: number }) {
    this.#clock = options.clock;
    this.#maxPoints = options.maxPoints ?? MAX_POINTS_OF_ALL;
  }

  record(key: string, jobUid: string, progress: Progress): number | null {
    const known = this.#hear(key, jobUid);
    if (BEFORE_RESTORED.has(progress.phase)) return null;
    const { history } = known;
    const { iteration, metrics } = progress;
    if (iteration === history.iteration) return null;
    if (iteration > history.iteration + 1) known.missingAfter ??= history.iteration;
    // A job that went back tells of the iteration that it stood at before.
    if (iteration < history.iteration) history.truncate(iteration);
    else history.add(iteration, metrics);
    this.#changed(known);
    return known.missingAfter;
  }

  fill(key: string, jobUid: string, series: readonly FigureSeries[]): void {
    const known = this.#known.get(key);
    if (known?.jobUid !== jobUid) return;
    known.missingAfter = null;
    known.history.merge(series);
    this.#changed(known);
  }

  read(key: string, jobUid: string): JobFigures | null {
    const known = this.#known.get(key);
    if (known?.jobUid !== jobUid) return null;
    return { revision: known.revision, heardAtMs: known.heardAtMs, series: known.history.read() };
  }

  /** Of a job that is gone. */
  forget(key: string): void {
    this.#numPoints -= this.#known.get(key)?.numPoints ?? 0;
    this.#known.delete(key);
  }

  #hear(key: string, jobUid: string): Known {
    const found = this.#known.get(key);
    const heardAtMs = this.#clock.nowMs();
    if (found?.jobUid !== jobUid) this.forget(key);
    const fresh = { jobUid, history: new FigureHistory(), numPoints: 0, revision: 0, heardAtMs, missingAfter: null };
    const known: Known = found?.jobUid === jobUid ? found : fresh;
    known.heardAtMs = heardAtMs;
    this.#known.delete(key);
    this.#known.set(key, known);
    return known;
  }

  #changed(known: Known): void {
    known.revision++;
    this.#numPoints += known.history.numPoints - known.numPoints;
    known.numPoints = known.history.numPoints;
    for (const [key, oldest] of this.#known) {
      if (this.#numPoints <= this.#maxPoints || oldest === known) return;
      this.forget(key);
    }
  }
}
