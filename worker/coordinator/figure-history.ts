/**
 * The figures of finished iterations, as curves: bounded however long a job runs, by keeping every second point, then every
 * fourth, and so on, always with the newest. Pure; knows no figure's meaning. The operator keeps the same of each job.
 */

/** One figure's values, in the order of their iterations. */
export interface FigureSeries {
  readonly name: string;
  readonly iterations: readonly number[];
  /** As many as iterations. */
  readonly values: readonly number[];
}

export const MAX_FIGURES = 96;
/** Of each figure. */
export const MAX_POINTS = 512;
const MAX_NAME_CHARACTERS = 128;

export class FigureHistory {
  readonly #curves = new Map<string, Curve>();
  #iteration = 0;

  /** The newest iteration; 0 before the first. */
  get iteration(): number {
    return this.#iteration;
  }

  get numPoints(): number {
    let sum = 0;
    for (const curve of this.#curves.values()) sum += curve.numPoints;
    return sum;
  }

  /** An iteration that is known already, and all after it, are replaced: the job has gone back. */
  add(iteration: number, figures: Readonly<Record<string, number>>): void {
    if (iteration <= this.#iteration) this.truncate(iteration - 1);
    this.#iteration = iteration;
    for (const [name, value] of Object.entries(figures)) this.#curveOf(name)?.add(iteration, value);
  }

  /** Keeps the first `iteration` iterations. */
  truncate(iteration: number): void {
    if (iteration >= this.#iteration) return;
    this.#iteration = iteration;
    for (const curve of this.#curves.values()) curve.truncate(iteration);
  }

  /** What is known of the iterations after `afterIteration`. */
  read(afterIteration = 0): FigureSeries[] {
    return [...this.#curves].flatMap(([name, curve]) => {
      const series = curve.read(afterIteration);
      return series.iterations.length === 0 ? [] : [{ name, ...series }];
    });
  }

  /** Takes in what somebody else knows, up to the newest iteration known here; theirs counts where both know a point. */
  merge(known: readonly FigureSeries[]): void {
    for (const { name, iterations, values } of known) {
      const curve = this.#curveOf(name);
      if (curve === null) continue;
      const points = new Map<number, number>();
      const own = curve.read(0);
      for (const [i, iteration] of own.iterations.entries()) points.set(iteration, own.values[i] as number);
      for (const [i, iteration] of iterations.entries()) {
        const value = values[i];
        if (value !== undefined && isIteration(iteration, this.#iteration)) points.set(iteration, value);
      }
      this.#curves.set(name, new Curve());
      for (const [iteration, value] of [...points].sort(([a], [b]) => a - b))
        this.#curves.get(name)?.add(iteration, value);
    }
  }

  /** Null where there are too many figures, or the name is none. */
  #curveOf(name: string): Curve | null {
    const known = this.#curves.get(name);
    if (known !== undefined) return known;
    if (this.#curves.size >= MAX_FIGURES || name.length > MAX_NAME_CHARACTERS) return null;
    const curve = new Curve();
    this.#curves.set(name, curve);
    return curve;
  }
}

function isIteration(value: number, newest: number): boolean {
  return Number.isInteger(value) && value > 0 && value <= newest;
}

class Curve {
  #iterations: number[] = [];
  #values: number[] = [];
  /** The newest point, where it is none of those that stay. */
  #newest: { readonly iteration: number; readonly value: number } | null = null;
  /** Of so many points one stays. */
  #stride = 1;
  /** Points so far, those that didn't stay included. */
  #count = 0;

  get numPoints(): number {
    return this.#iterations.length + (this.#newest === null ? 0 : 1);
  }

  add(iteration: number, value: number): void {
    if (!Number.isFinite(value)) return;
    const stays = this.#count % this.#stride === 0;
    this.#count++;
    this.#newest = stays ? null : { iteration, value };
    if (!stays) return;
    this.#iterations.push(iteration);
    this.#values.push(value);
    if (this.#iterations.length > MAX_POINTS) this.#thin();
  }

  truncate(iteration: number): void {
    if (this.#newest !== null && this.#newest.iteration > iteration) this.#newest = null;
    const first = this.#iterations.findIndex((known) => known > iteration);
    if (first === -1) return;
    this.#iterations.length = first;
    this.#values.length = first;
    this.#count = first * this.#stride;
  }

  read(afterIteration: number): Omit<FigureSeries, 'name'> {
    const newest = this.#newest === null ? [] : [this.#newest];
    const iterations = [...this.#iterations, ...newest.map((point) => point.iteration)];
    const values = [...this.#values, ...newest.map((point) => point.value)];
    const first = iterations.findIndex((known) => known > afterIteration);
    return first === -1 ? NO_POINTS : { iterations: iterations.slice(first), values: values.slice(first) };
  }

  #thin(): void {
    const isKept = (_: number, index: number): boolean => index % 2 === 0;
    this.#iterations = this.#iterations.filter(isKept);
    this.#values = this.#values.filter(isKept);
    this.#stride *= 2;
  }
}

const NO_POINTS = { iterations: [], values: [] };
