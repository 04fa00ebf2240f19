/**
 * metrics.jsonl: one line an iteration, on disk before the iteration counts as done; and the same in memory, bounded, for
 * whoever asks this process. Knows nothing of what is measured.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { writeDurably } from './durable-file.ts';
import type { FigureHistory } from './figure-history.ts';

export interface MetricsLine {
  /** Iterations done, from 1. */
  readonly iteration: number;
  readonly policyVersion: number;
  /** By names such as rollout/score. */
  readonly metrics: Readonly<Record<string, number>>;
}

export class MetricsLog {
  readonly #path: string;
  readonly #figures: FigureHistory;

  constructor(path: string, figures: FigureHistory) {
    this.#path = path;
    this.#figures = figures;
  }

  /** `{"iteration":1,"policyVersion":1,"rollout/score":0.1,…}` */
  append(line: MetricsLine): void {
    const { metrics, ...head } = line;
    writeDurably(this.#path, `${JSON.stringify({ ...head, ...metrics })}\n`, 'a');
    this.#figures.add(line.iteration, metrics);
  }

  /** Keeps the lines of the first `iteration` iterations: the job goes on from there and writes the rest again. */
  truncate(iteration: number): void {
    mkdirSync(dirname(this.#path), { recursive: true });
    const lines = existsSync(this.#path) ? readFileSync(this.#path, 'utf8').split('\n') : [];
    const temporary = `${this.#path}.writing`;
    const kept: string[] = [];
    this.#figures.truncate(0);
    for (const line of lines) {
      const found = parse(line);
      if (found === null || found.iteration > iteration) continue;
      kept.push(`${line}\n`);
      this.#figures.add(found.iteration, found.metrics);
    }
    writeFileSync(temporary, kept.join(''));
    renameSync(temporary, this.#path);
  }
}

/** Null for a line that is none: an empty one, or one cut off by a crash, whose iteration runs again. */
function parse(line: string): Pick<MetricsLine, 'iteration' | 'metrics'> | null {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null) return null;
    const numbers = Object.entries(value).filter(([, number]) => typeof number === 'number') as [string, number][];
    const { iteration, policyVersion: _, ...metrics } = Object.fromEntries(numbers);
    return iteration === undefined ? null : { iteration, metrics };
  } catch {
    return null;
  }
}
