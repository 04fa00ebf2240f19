/**
 * The iterations of a job as far as a cluster tells of them: lines of the coordinator's log, then the progress in the
 * job's status as it changes. Knows the two forms, not who draws them.
 */
import type { ProgressStatus } from '../api/ppojob.ts';
import type { LogLine } from '../cluster/pod-access.ts';
import { type IterationRecord, METRICS } from '../local/metrics-file.ts';
import { parseLogEntry } from './log-entry.ts';

/** The coordinator's message at the end of an iteration; its fields are figures by the names here. */
const ITERATED = 'iterated';
const LOGGED_FIGURES = {
  score: METRICS.score,
  kl: METRICS.kl,
  accuracy: METRICS.accuracy,
  tokensPerSecond: METRICS.tokensPerSecond,
} as const;

export class History {
  #records: IterationRecord[] = [];

  get records(): readonly IterationRecord[] {
    return this.#records;
  }

  readLog(lines: readonly LogLine[]): void {
    for (const { text } of lines) {
      const entry = parseLogEntry(text);
      if (entry?.['msg'] !== ITERATED || typeof entry['iteration'] !== 'number') continue;
      const metrics: Record<string, number> = {};
      for (const [field, name] of Object.entries(LOGGED_FIGURES)) {
        const value = entry[field];
        if (typeof value === 'number') metrics[name] = value;
      }
      this.#add(entry['iteration'], metrics);
    }
  }

  readProgress(progress: ProgressStatus | null): void {
    if (progress === null || progress.iteration === 0) return;
    const figures = Object.entries(progress.metrics ?? {}).map(([name, value]) => [name, Number(value)] as const);
    this.#add(progress.iteration, Object.fromEntries(figures));
  }

  /** A job that went back to its checkpoint does its iterations again. */
  #add(iteration: number, metrics: IterationRecord['metrics']): void {
    const known = this.#records.at(-1);
    if (known?.iteration === iteration && Object.keys(metrics).every((name) => name in known.metrics)) return;
    this.#records = this.#records.filter((record) => record.iteration < iteration);
    this.#records.push({ iteration, policyVersion: iteration, metrics });
  }
}
