// AdamW over flat buffers, in place, as an ONNX session of its own: in the backward pass's session the new parameters
// might be written before an operator has read the old ones. Refuses to know what the parameters mean.
import type { BoundRun, Device, Session, TensorView } from '../runtime/device.ts';
import { DisposedError } from '../runtime/runtime-error.ts';
import { type AdamWHyper, buildAdamWGraph, checkHyper, SCALARS, scalarsOf } from './adamw-graph.ts';

export type { AdamWHyper } from './adamw-graph.ts';

/** Elements of a run: temporaries then stay in the cache (measured: 2^18 is best, 1.6 times as fast as one run). */
const CHUNK_ELEMENTS = 2 ** 18;

/** Elements [start, end) of the flat buffers. */
export interface ParameterRange {
  readonly start: number;
  readonly end: number;
  readonly isDecayed: boolean;
}

export interface AdamWOptions {
  readonly device: Device;
  readonly threads: number;
  /** [n], borrowed until dispose(); written by step(). */
  readonly parameters: Float32Array;
  /** [n], borrowed until dispose(); only read. */
  readonly gradients: Float32Array;
  /** What is updated: disjoint ranges; elements outside of them stay as they are. */
  readonly ranges: readonly ParameterRange[];
}

/** Owns a session and the two moments. */
export class AdamW {
  /** Running mean of the gradients, [n]. */
  readonly first: Float32Array;
  /** Running mean of their squares, [n]. */
  readonly second: Float32Array;
  readonly #session: Session;
  readonly #scalars: Readonly<Record<string, TensorView & { data: Float32Array }>>;
  #runs: readonly BoundRun[] | null;
  #stepCount = 0;

  constructor(options: AdamWOptions) {
    const { device, threads, parameters } = options;
    this.first = new Float32Array(parameters.length);
    this.second = new Float32Array(parameters.length);
    this.#scalars = Object.fromEntries([...SCALARS, 'noDecay'].map((name) => [name, scalarView()]));
    this.#scalars.noDecay!.data[0] = 1;
    this.#session = device.createSession(buildAdamWGraph(), { threads, prepacking: false });
    try {
      this.#runs = options.ranges.flatMap(chunksOf).map((chunk) => this.#bind(options, chunk));
    } catch (error) {
      this.#session.dispose();
      throw error;
    }
  }

  #bind({ parameters, gradients }: AdamWOptions, { start, end, isDecayed }: ParameterRange): BoundRun {
    const chunk = (flat: Float32Array): TensorView => ({ data: flat.subarray(start, end), shape: [end - start] });
    const { noDecay, ...scalars } = this.#scalars;
    const decay = isDecayed ? scalars.decay! : noDecay!;
    const [first, second, updated] = [chunk(this.first), chunk(this.second), chunk(parameters)];
    return this.#session.bind(
      { ...scalars, decay, parameters: updated, gradients: chunk(gradients), first, second },
      { newParameters: updated, newFirst: first, newSecond: second },
    );
  }

  /** Updates done so far. */
  get stepCount(): number {
    return this.#stepCount;
  }

  /** One update of the parameters from the gradients. Throws RangeError for meaningless hyperparameters. */
  step(hyper: AdamWHyper): void {
    if (this.#runs === null) throw new DisposedError('AdamW');
    checkHyper(hyper);
    this.#stepCount++;
    for (const [name, value] of Object.entries(scalarsOf(hyper, this.#stepCount))) this.#scalars[name]!.data[0] = value;
    for (const run of this.#runs) run.run();
  }

  /** Copies saved moments [n] in. */
  restore(saved: { first: Float32Array; second: Float32Array; stepCount: number }): void {
    for (const name of ['first', 'second'] as const) {
      if (saved[name].length !== this[name].length) {
        throw new RangeError(`${name} moment: found ${saved[name].length} elements, expected ${this[name].length}`);
      }
    }
    this.first.set(saved.first);
    this.second.set(saved.second);
    this.#stepCount = saved.stepCount;
  }

  dispose(): void {
    if (this.#runs === null) return;
    this.#runs = null;
    this.#session.dispose();
  }
}

function scalarView(): TensorView & { data: Float32Array } {
  return { data: new Float32Array(1), shape: [] };
}

function chunksOf({ start, end, isDecayed }: ParameterRange): ParameterRange[] {
  const chunks: ParameterRange[] = [];
  for (let at = start; at < end; at += CHUNK_ELEMENTS) {
    chunks.push({ start: at, end: Math.min(at + CHUNK_ELEMENTS, end), isDecayed });
  }
  return chunks;
}
