// A training graph of one static shape, compiled and bound to a model's flat buffers. Knows the names that a training
// graph's inputs and outputs have; refuses to know the loss and the optimizer.
import type { LayoutSlot, ParameterLayout } from '../models/layout.ts';
import { slotView } from '../models/layout.ts';
import type { CompiledGraph, TensorSpec } from '../models/train-graph.ts';
import type { BoundRun, Device, DType, HostArray, Session, TensorView } from '../runtime/device.ts';
import { RuntimeError } from '../runtime/runtime-error.ts';
import { checkTensors } from '../runtime/tensor-check.ts';
import { scatterAddRows } from './gradient-buffer.ts';

const PARAMETER = 'parameter.';
const GRADIENT = 'gradient.';
const EMBEDDED_GRADIENT = 'embeddedGradient';
const TOKEN_IDS = 'tokenIds';

export interface TrainProgramOptions {
  readonly device: Device;
  readonly threads: number;
  readonly layout: ParameterLayout;
  /** [layout.numElements] */
  readonly parameters: Float32Array;
  readonly graph: CompiledGraph;
}

type Buffers = Readonly<Record<string, TensorView>>;

/** Owns a session, buffers for its inputs and outputs, and one binding for each flat buffer that it wrote into. */
export class TrainProgram {
  readonly #session: Session;
  readonly #slots: ReadonlyMap<string, LayoutSlot>;
  readonly #graph: CompiledGraph;
  readonly #inputs: Buffers;
  readonly #parameters: Buffers;
  /** Everything that is no gradient, and embeddedGradient. */
  readonly #outputs: Buffers;
  readonly #runByTarget = new Map<Float32Array, BoundRun>();

  constructor({ device, threads, layout, parameters, graph }: TrainProgramOptions) {
    this.#graph = graph;
    this.#slots = new Map(layout.slots.map((slot) => [slot.name, slot]));
    this.#checkGradients();
    this.#inputs = allocate(graph.inputs, (name) => !name.startsWith(PARAMETER));
    this.#outputs = allocate(graph.outputs, (name) => !name.startsWith(GRADIENT));
    this.#parameters = this.#slotViews(graph.inputs, PARAMETER, parameters);
    this.#session = device.createSession(graph.model, { threads, prepacking: false });
  }

  /**
   * Computes one microbatch from `inputs` (all but the parameters) and writes its gradients over `target`
   * [layout.numElements], but for padding, which it leaves alone. Returns copies of the outputs that aren't gradients.
   */
  run(inputs: Buffers, target: Float32Array): Record<string, HostArray> {
    this.#setInputs(inputs);
    // Without tied embeddings no output covers this slot, and tokens that don't occur have no gradient.
    const embedding = slotView(target, this.#slot('embedding'));
    if (!this.#graph.outputs.has(`${GRADIENT}embedding`)) embedding.fill(0);
    this.#bindTo(target).run();
    scatterAddRows({
      table: embedding,
      indices: this.#inputs[TOKEN_IDS]!.data as BigInt64Array,
      rows: this.#outputs[EMBEDDED_GRADIENT]!.data as Float32Array,
      width: this.#slot('embedding').shape[1]!,
    });
    const results = Object.entries(this.#outputs).filter(([name]) => name !== EMBEDDED_GRADIENT);
    return Object.fromEntries(results.map(([name, { data }]) => [name, data.slice()]));
  }

  dispose(): void {
    this.#runByTarget.clear();
    this.#session.dispose();
  }

  #setInputs(inputs: Buffers): void {
    const specs = new Map(
      Object.keys(this.#inputs).map((name) => [name, { name, ...(this.#graph.inputs.get(name) as TensorSpec) }]),
    );
    const problems = checkTensors('input', specs, inputs);
    if (problems.length > 0) throw new RuntimeError('INVALID_BINDING', problems.join('\n'));
    for (const [name, { data }] of Object.entries(this.#inputs)) {
      (data as Float32Array).set(inputs[name]!.data as Float32Array);
    }
  }

  #bindTo(target: Float32Array): BoundRun {
    const bound = this.#runByTarget.get(target);
    if (bound !== undefined) return bound;
    const gradients = this.#slotViews(this.#graph.outputs, GRADIENT, target);
    const run = this.#session.bind({ ...this.#inputs, ...this.#parameters }, { ...this.#outputs, ...gradients });
    this.#runByTarget.set(target, run);
    return run;
  }

  #slotViews(specs: ReadonlyMap<string, TensorSpec>, prefix: string, flat: Float32Array): Buffers {
    const names = [...specs.keys()].filter((name) => name.startsWith(prefix));
    return Object.fromEntries(
      names.map((name) => {
        const slot = this.#slot(name.slice(prefix.length));
        return [name, { data: slotView(flat, slot), shape: slot.shape }];
      }),
    );
  }

  #slot(name: string): LayoutSlot {
    const slot = this.#slots.get(name);
    if (slot === undefined) throw new RuntimeError('INVALID_MODEL', `the layout has no slot "${name}"`);
    return slot;
  }

  /** A gradient that the graph lacks would leave another microbatch's in its place. */
  #checkGradients(): void {
    const { inputs, outputs } = this.#graph;
    const wanted = [...this.#slots.keys()].filter((name) => name !== 'embedding').map((name) => GRADIENT + name);
    const missing = [...wanted, EMBEDDED_GRADIENT].filter((name) => !outputs.has(name));
    if (!inputs.has(TOKEN_IDS)) missing.push(TOKEN_IDS);
    if (missing.length > 0) throw new RuntimeError('INVALID_MODEL', `the training graph lacks ${missing.join(', ')}`);
  }
}

const ARRAYS: Readonly<Record<DType, new (length: number) => HostArray>> = {
  float32: Float32Array,
  int64: BigInt64Array,
  int32: Int32Array,
  bool: Uint8Array,
};

function allocate(specs: ReadonlyMap<string, TensorSpec>, isOwn: (name: string) => boolean): Buffers {
  const own = [...specs].filter(([name]) => isOwn(name));
  return Object.fromEntries(
    own.map(([name, { shape, dtype }]) => {
      const numElements = shape.reduce((product, dim) => product * dim, 1);
      return [name, { data: new ARRAYS[dtype](numElements), shape }];
    }),
  );
}
