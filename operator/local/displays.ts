/**
 * Who shows a running job: the live view on a terminal, plain lines elsewhere, or nobody. Knows where text goes; what it
 * says is composed elsewhere.
 */
import type { WriteStream } from 'node:tty';
import type { ProgressStatus } from '../api/ppojob.ts';
import { formatDuration } from './format.ts';
import { describeChanges } from './job-events.ts';
import type { JobView } from './job-view.ts';
import { renderFrame } from './live-view.ts';
import type { IterationRecord } from './metrics-file.ts';
import { renderIteration } from './plain-view.ts';
import { TerminalBlock } from './terminal.ts';

export interface Moment {
  readonly view: JobView;
  readonly records: readonly IterationRecord[];
  readonly elapsedSeconds: number;
}

export interface Display {
  show(moment: Moment): void;
  /** A word from the command itself. */
  say(text: string): void;
  close(): void;
}

export const NO_DISPLAY: Display = { show: () => {}, say: () => {}, close: () => {} };

export class LiveDisplay implements Display {
  readonly #block: TerminalBlock;
  readonly #events: string[] = [];
  #hint: string;
  #last: Moment | null = null;
  #isClosed = false;

  constructor(stream: WriteStream, hint: string) {
    this.#block = new TerminalBlock(stream);
    this.#hint = hint;
  }

  show(moment: Moment): void {
    for (const change of describeChanges(this.#last?.view ?? null, moment.view)) {
      this.#events.push(`${formatDuration(moment.elapsedSeconds).padStart(12)}  ${change}`);
    }
    this.#last = moment;
    this.#draw();
  }

  say(text: string): void {
    this.#hint = text;
    this.#draw();
  }

  close(): void {
    this.#isClosed = true;
    this.#block.release();
  }

  #draw(): void {
    if (this.#last === null || this.#isClosed) return;
    this.#block.draw(renderFrame({ ...this.#last, events: this.#events, hint: this.#hint }, this.#block.size));
  }
}

/** Phases in which the coordinator has not yet said where the job stands. */
const BEFORE_RESTORED: readonly string[] = ['WaitingForWorkers', 'Starting'];

export class PlainDisplay implements Display {
  readonly #write: (line: string) => void;
  #lastView: JobView | null = null;
  #lastIteration: number;
  /** What a resumed run hopes to go on from, until it is known what it does; then 0. */
  #resumedFrom: number;
  readonly #numIterations: number | undefined;

  /**
   * Iterations up to `fromIteration` have been shown by an earlier run. `numIterations`, of the manifest, is for records
   * that come before the coordinator has been heard of.
   */
  constructor(write: (line: string) => void, fromIteration: number, numIterations?: number) {
    this.#write = write;
    this.#numIterations = numIterations;
    this.#lastIteration = fromIteration;
    this.#resumedFrom = fromIteration;
  }

  show({ view, records, elapsedSeconds }: Moment): void {
    for (const change of describeChanges(this.#lastView, view)) this.#write(change);
    this.#lastView = view;
    const { progress } = view;
    this.#tellResumption(progress);
    const newest = records.at(-1)?.iteration ?? 0;
    // A job that went back to its checkpoint does those iterations again; before its first line it has shown none.
    if (records.length > 0 && newest < this.#lastIteration) this.#lastIteration = newest;
    const unseen = records.filter((record) => record.iteration > this.#lastIteration);
    for (const record of unseen) {
      const isNewest = record.iteration === newest;
      const context = {
        numIterations: progress?.numIterations ?? this.#numIterations ?? record.iteration,
        elapsedSeconds,
        remainingSeconds: isNewest ? (progress?.remainingSeconds ?? null) : null,
        maxLogprobDifference: progress === null ? null : Number(progress.maxLogprobDifference),
      };
      this.#write(renderIteration(record, context));
    }
    this.#lastIteration = Math.max(newest, this.#lastIteration);
  }

  say(text: string): void {
    this.#write(text);
  }

  close(): void {}

  /** A checkpoint that turns out to be damaged is passed over for an older one, or for the start. */
  #tellResumption(progress: ProgressStatus | null): void {
    if (this.#resumedFrom === 0 || progress === null || BEFORE_RESTORED.includes(progress.phase)) return;
    const { lastCheckpointIteration: found } = progress;
    if (found < this.#resumedFrom) {
      const log = "the coordinator's log says why";
      this.#write(`the checkpoint of iteration ${this.#resumedFrom} can't be used (${log}); going on from ${found}`);
      this.#lastIteration = found;
    }
    this.#resumedFrom = 0;
  }
}
