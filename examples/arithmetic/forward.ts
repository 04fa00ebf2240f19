// A model that looks at sequences from their last tokens, without gradients: for sampling and scoring. Refuses to know
// what its output means.
//
// Letters: B rows of a run, T length, N rows asked for, W outputs a row.
import { type ParameterLayout, slotView } from '../../worker/models/layout.ts';
import type { CompiledGraph } from '../../worker/models/train-graph.ts';
import type { BatchShape, ModelDescription } from '../../worker/models/trunk.ts';
import type { BoundRun, Device, Session, TensorView } from '../../worker/runtime/device.ts';
import { packRows } from './batches.ts';
import { PAD_ID } from './task.ts';

/** B */
const ROWS_PER_RUN = 500;

export interface LastTokenModelOptions {
  readonly device: Device;
  readonly threads: number;
  readonly model: ModelDescription;
  /** [layout.numElements], borrowed until dispose(). */
  readonly parameters: Float32Array;
  /** T */
  readonly length: number;
  readonly buildGraph: (model: ModelDescription, shape: BatchShape) => CompiledGraph;
}

/** Owns a session. */
export class LastTokenModel {
  readonly #length: number;
  readonly #session: Session;
  readonly #run: BoundRun;
  readonly #inputs: Readonly<Record<'tokenIds' | 'selected' | 'inverse', TensorView & { data: BigInt64Array }>>;
  readonly #output: Float32Array;
  /** W */
  readonly width: number;

  constructor({ device, threads, model, parameters, length, buildGraph }: LastTokenModelOptions) {
    const graph = buildGraph(model, { rows: ROWS_PER_RUN, length, positions: ROWS_PER_RUN });
    const [name, spec] = [...graph.outputs][0]!;
    const ints = (size: number) => ({ data: new BigInt64Array(size), shape: [size] });
    this.#length = length;
    this.width = spec.shape[1] ?? 1;
    this.#output = new Float32Array(ROWS_PER_RUN * this.width);
    const numTokens = ROWS_PER_RUN * length;
    this.#inputs = { tokenIds: ints(numTokens), selected: ints(ROWS_PER_RUN), inverse: ints(numTokens) };
    this.#session = device.createSession(graph.model, { threads, prepacking: false });
    this.#run = this.#session.bind(
      { ...this.#inputs, ...parameterViews(model.layout, parameters) },
      { [name]: { data: this.#output, shape: spec.shape } },
    );
  }

  /** Any number of rows of at most T tokens: [N, W], row-major. */
  outputs(rows: readonly (readonly number[])[]): Float32Array {
    const results = new Float32Array(rows.length * this.width);
    for (let start = 0; start < rows.length; start += ROWS_PER_RUN) {
      const chunk = rows.slice(start, start + ROWS_PER_RUN);
      const filled = [...chunk, ...Array.from({ length: ROWS_PER_RUN - chunk.length }, () => [PAD_ID])];
      const lasts = filled.map((row) => row.length - 1);
      const packed = packRows(filled, lasts, { length: this.#length, positionsPerRow: 1 });
      for (const [name, { data }] of Object.entries(this.#inputs)) {
        data.set(packed[name as keyof typeof packed].data as BigInt64Array);
      }
      this.#run.run();
      results.set(this.#output.subarray(0, chunk.length * this.width), start * this.width);
    }
    return results;
  }

  dispose(): void {
    this.#session.dispose();
  }
}

function parameterViews(layout: ParameterLayout, parameters: Float32Array): Record<string, TensorView> {
  return Object.fromEntries(
    layout.slots.map((slot) => [`parameter.${slot.name}`, { data: slotView(parameters, slot), shape: slot.shape }]),
  );
}
