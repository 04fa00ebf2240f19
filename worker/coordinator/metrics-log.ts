/**
 * metrics.jsonl: one line an iteration, on disk before the iteration counts as done. Knows nothing of what is measured.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

export interface MetricsLine {
  /** Iterations done, from 1. */
  readonly iteration: number;
  readonly policyVersion: number;
  /** By names such as rollout/score. */
  readonly metrics: Readonly<Record<string, number>>;
}

export class MetricsLog {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** `{"iteration":1,"policyVersion":1,"rollout/score":0.1,…}` */
  append(line: MetricsLine): void {
    const { metrics, ...head } = line;
    const file = openSync(this.#path, 'a');
    try {
      writeSync(file, `${JSON.stringify({ ...head, ...metrics })}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }

  /** Keeps the lines of the first `iteration` iterations: the job goes on from there and writes the rest again. */
  truncate(iteration: number): void {
    mkdirSync(dirname(this.#path), { recursive: true });
    const kept = existsSync(this.#path) ? readFileSync(this.#path, 'utf8').split('\n').filter(isKept(iteration)) : [];
    const temporary = `${this.#path}.writing`;
    writeFileSync(temporary, kept.map((line) => `${line}\n`).join(''));
    renameSync(temporary, this.#path);
  }
}

function isKept(iteration: number): (line: string) => boolean {
  return (line) => {
    if (line.trim() === '') return false;
    try {
      const value: unknown = JSON.parse(line);
      const found = typeof value === 'object' && value !== null && 'iteration' in value ? value.iteration : null;
      return typeof found === 'number' && found <= iteration;
    } catch {
      // A line cut off by a crash: its iteration runs again.
      return false;
    }
  };
}
