/**
 * A model that only looks forward: logprobs, values or rewards of sequences from flat parameters. Actor and critic use it
 * on the parameters they train, so that what is scored is what is trained. Knows nothing of gRPC or training.
 *
 * Letters: B rows, T length, M positions, R response tokens.
 */
import { buildLogprobGraph, buildScalarGraph } from '../models/forward-graphs.ts';
import { slotView } from '../models/layout.ts';
import type { CompiledGraph } from '../models/train-graph.ts';
import type { BatchShape, ModelDescription } from '../models/trunk.ts';
import type { BoundRun, Device, Session, TensorView } from '../runtime/device.ts';
import { countPositions, type PackedBatch, packSequences, type Selection, shapeFor } from './packing.ts';
import { ProgramCache } from './program-cache.ts';
import type { Sequence } from './sequence.ts';

/** LOGPROBS [R]; VALUES [R], before each response token; REWARDS [1], at the last token. */
export type ScoreKind = 'LOGPROBS' | 'VALUES' | 'REWARDS';

export interface ForwardModelOptions {
  readonly device: Device;
  readonly threads: number;
  readonly model: ModelDescription;
  /** [layout.numElements], borrowed; read at every run. */
  readonly parameters: Float32Array;
  readonly kind: ScoreKind;
  /** What responses are sampled at: LOGPROBS are of that distribution. The other kinds don't depend on it. */
  readonly temperature: number;
}

const MAX_PROGRAMS = 16;

/** Owns its sessions. */
export class ForwardModel {
  readonly #options: ForwardModelOptions;
  readonly #selection: Selection;
  readonly #programs: ProgramCache<ForwardProgram>;

  constructor(options: ForwardModelOptions) {
    this.#options = options;
    this.#selection = options.kind === 'REWARDS' ? 'last' : 'response';
    this.#programs = new ProgramCache({
      maxPrograms: MAX_PROGRAMS,
      compile: (shape) => new ForwardProgram(options, shape),
      dispose: (program) => program.dispose(),
    });
  }

  /** One row per sequence, all of them in one run: the caller bounds the batch. */
  score(sequences: readonly Sequence[]): Float32Array[] {
    if (sequences.length === 0) return [];
    const { config } = this.#options.model;
    const shape = shapeFor(sequences, this.#selection, config.maxPositions);
    const raw = this.#programs.get(shape).run(packSequences(sequences, this.#selection, shape));
    let place = 0;
    return sequences.map((sequence) => {
      const row = raw.slice(place, place + countPositions(sequence, this.#selection));
      place += row.length;
      return this.#options.kind === 'LOGPROBS' ? row : row.map((x) => (x - config.scoreMean) / config.scoreStd);
    });
  }

  dispose(): void {
    this.#programs.disposeAll();
  }
}

/** One static shape: a session with its buffers, bound once. */
class ForwardProgram {
  readonly #session: Session;
  readonly #inputs: Readonly<Record<string, TensorView>>;
  readonly #run: BoundRun;
  readonly #result: Float32Array;

  constructor(options: ForwardModelOptions, shape: BatchShape) {
    const { device, threads, model, parameters, kind } = options;
    const graph =
      kind === 'LOGPROBS' ? buildLogprobGraph(model, shape, options.temperature) : buildScalarGraph(model, shape);
    this.#inputs = allocateInputs(graph);
    this.#result = new Float32Array(shape.positions);
    const result = { data: this.#result, shape: [shape.positions] };
    const outputs: Record<string, TensorView> = kind === 'LOGPROBS' ? { logprobs: result } : { values: result };
    // The graph's other outputs are computed for others; what is bound must be all of them.
    for (const [name, spec] of graph.outputs) {
      outputs[name] ??= { data: new Float32Array(shape.positions), shape: spec.shape };
    }
    const weights = model.layout.slots.map(
      (slot) => [`parameter.${slot.name}`, { data: slotView(parameters, slot), shape: slot.shape }] as const,
    );
    this.#session = device.createSession(graph.model, { threads, prepacking: false });
    this.#run = this.#session.bind({ ...this.#inputs, ...Object.fromEntries(weights) }, outputs);
  }

  /** [M], overwritten by the next run. */
  run(batch: PackedBatch): Float32Array {
    for (const [name, { data }] of Object.entries(batch.inputs)) {
      (this.#inputs[name]?.data as BigInt64Array | undefined)?.set(data as BigInt64Array);
    }
    this.#run.run();
    return this.#result;
  }

  dispose(): void {
    this.#run.dispose();
    this.#session.dispose();
  }
}

function allocateInputs(graph: CompiledGraph): Record<string, TensorView> {
  const inputs: Record<string, TensorView> = {};
  for (const [name, { shape }] of graph.inputs) {
    if (!name.startsWith('parameter.')) inputs[name] = { data: new BigInt64Array(shape[0]!), shape };
  }
  return inputs;
}
