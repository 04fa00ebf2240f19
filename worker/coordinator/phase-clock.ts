/**
 * How long a job has been in each of its phases, the present one up to now. Knows nothing of what the phases are.
 */
export class PhaseClock<P extends string> {
  readonly #nowMs: () => number;
  readonly #msByPhase = new Map<P, number>();
  #phase: P;
  #sinceMs: number;

  constructor(phase: P, nowMs: () => number) {
    this.#phase = phase;
    this.#nowMs = nowMs;
    this.#sinceMs = nowMs();
  }

  enter(phase: P): void {
    const nowMs = this.#nowMs();
    this.#msByPhase.set(this.#phase, this.#msIn(this.#phase, nowMs));
    this.#phase = phase;
    this.#sinceMs = nowMs;
  }

  /** Over all times that the job was in it. */
  secondsIn(phase: P): number {
    return this.#msIn(phase, this.#nowMs()) / 1000;
  }

  #msIn(phase: P, nowMs: number): number {
    const before = this.#msByPhase.get(phase) ?? 0;
    return phase === this.#phase ? before + nowMs - this.#sinceMs : before;
  }
}
