/**
 * Reads metrics.jsonl as the coordinator writes it, a line an iteration, and names the metrics that the views show. Takes
 * a file that isn't there yet, or whose last line is still being written, as it is.
 */
import { readFileSync, statSync } from 'node:fs';

/** Written by the coordinator. */
export const METRICS = {
  /** Mean score of an iteration's responses. */
  score: 'rollout/score',
  /** Mean KL from the reference policy. */
  kl: 'policy/kl',
  /** Held-out exact match, 0..1; only in iterations that were evaluated. */
  accuracy: 'evaluation/accuracy',
  tokensPerSecond: 'rollout/tokensPerSecond',
} as const;

export interface IterationRecord {
  /** From 1. */
  readonly iteration: number;
  readonly policyVersion: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** The lines that are complete records; others are left out. */
export function parseMetrics(text: string): IterationRecord[] {
  return text.split('\n').flatMap((line) => {
    try {
      const { iteration, policyVersion, ...metrics } = JSON.parse(line) as Record<string, number>;
      return typeof iteration === 'number' ? [{ iteration, policyVersion: policyVersion ?? iteration, metrics }] : [];
    } catch {
      return []; // empty, or cut off: its writer will write it again
    }
  });
}

/** Re-reads the file when it has changed; it may also shrink, when a job goes back to its checkpoint. */
export class MetricsFile {
  readonly #path: string;
  #stamp = '';
  #records: readonly IterationRecord[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  read(): readonly IterationRecord[] {
    const stats = statSync(this.#path, { throwIfNoEntry: false });
    const stamp = stats === undefined ? '' : `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
    if (stamp !== this.#stamp) {
      this.#records = stats === undefined ? [] : parseMetrics(readFileSync(this.#path, 'utf8'));
      this.#stamp = stamp;
    }
    return this.#records;
  }
}
