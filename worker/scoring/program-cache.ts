/**
 * Compiled programs by their static shape, the least recently used disposed of first: many shapes must not hold many
 * sessions. Knows nothing of what a program computes.
 */
import type { BatchShape } from '../models/trunk.ts';

/** Owns its programs. */
export class ProgramCache<Program> {
  readonly #programs = new Map<string, Program>();
  readonly #options: ProgramCacheOptions<Program>;

  constructor(options: ProgramCacheOptions<Program>) {
    this.#options = options;
  }

  get(shape: BatchShape): Program {
    const key = `${shape.rows}x${shape.length}x${shape.positions}`;
    const program = this.#programs.get(key) ?? this.#options.compile(shape);
    // A map keeps the order of insertion: the newest use goes last.
    this.#programs.delete(key);
    this.#programs.set(key, program);
    this.#evict();
    return program;
  }

  disposeAll(): void {
    for (const program of this.#programs.values()) this.#options.dispose(program);
    this.#programs.clear();
  }

  #evict(): void {
    for (const [key, program] of this.#programs) {
      if (this.#programs.size <= this.#options.maxPrograms) return;
      this.#programs.delete(key);
      this.#options.dispose(program);
    }
  }
}

export interface ProgramCacheOptions<Program> {
  readonly maxPrograms: number;
  readonly compile: (shape: BatchShape) => Program;
  readonly dispose: (program: Program) => void;
}
