// A model with gradients and an optimizer over flat buffers: forward, backward, clip, step. Knows layouts and compiled
// graphs; refuses to know PPO, experiences and other ranks, which may read and write the flat buffers between calls.
import type { ModelConfig } from '../models/config.ts';
import type { ParameterLayout } from '../models/layout.ts';
import type { CompiledGraph } from '../models/train-graph.ts';
import type { Device, HostArray, TensorView } from '../runtime/device.ts';
import { DisposedError } from '../runtime/runtime-error.ts';
import { AdamW, type AdamWHyper, type ParameterRange } from './adamw.ts';
import { addInPlace, norm, scaleInPlace } from './gradient-buffer.ts';
import { TrainProgram } from './train-program.ts';

export type { TrainProgram } from './train-program.ts';

export interface TrainableModelOptions {
  readonly device: Device;
  readonly threads: number;
  readonly config: ModelConfig;
  readonly layout: ParameterLayout;
  /** [layout.numElements], borrowed until dispose(); padding elements are 0 and stay 0. */
  readonly parameters: Float32Array;
  /** [layout.numElements], borrowed until dispose(); zeroed at once. */
  readonly gradients: Float32Array;
}

export interface Moments {
  /** [layout.numElements] */
  readonly first: Float32Array;
  /** [layout.numElements] */
  readonly second: Float32Array;
  readonly stepCount: number;
}

/** Owns the optimizer's state and the programs that it compiled. */
export class TrainableModel {
  readonly config: ModelConfig;
  readonly layout: ParameterLayout;
  readonly parameters: Float32Array;
  readonly gradients: Float32Array;
  readonly #options: TrainableModelOptions;
  readonly #optimizer: AdamW;
  readonly #programs = new Set<TrainProgram>();
  /** Gradients of a microbatch that is not the first; allocated when there is one. */
  #scratch: Float32Array | undefined;
  #isZero = true;
  #isDisposed = false;

  constructor(options: TrainableModelOptions) {
    const { device, threads, layout, parameters, gradients } = options;
    for (const name of ['parameters', 'gradients'] as const) {
      if (options[name].length !== layout.numElements) {
        throw new RangeError(`${name}: found ${options[name].length} elements, expected ${layout.numElements}`);
      }
    }
    this.#options = options;
    this.config = options.config;
    this.layout = layout;
    this.parameters = parameters;
    this.gradients = gradients;
    this.#optimizer = new AdamW({ device, threads, parameters, gradients, ranges: optimizerRanges(layout) });
    this.zeroGradients();
  }

  /** Session and bindings for one training graph, whose shapes are static. Disposed with the model. */
  compile(graph: CompiledGraph): TrainProgram {
    this.#assertAlive();
    const program = new TrainProgram({ ...this.#options, graph });
    this.#programs.add(program);
    return program;
  }

  /** Disposes of a program before its time. */
  release(program: TrainProgram): void {
    if (this.#programs.delete(program)) program.dispose();
  }

  zeroGradients(): void {
    this.gradients.fill(0);
    this.#isZero = true;
  }

  /**
   * Adds a microbatch's gradients to the flat gradients. `inputs` are the graph's but the parameters. Returns copies of
   * the outputs that aren't gradients, "loss" among them. Throws INVALID_BINDING for inputs that don't fit and
   * RangeError for token ids outside the vocabulary.
   */
  accumulate(program: TrainProgram, inputs: Readonly<Record<string, TensorView>>): Record<string, HostArray> {
    this.#assertAlive();
    if (this.#isZero) {
      const outputs = program.run(inputs, this.gradients);
      this.#isZero = false;
      return outputs;
    }
    this.#scratch ??= new Float32Array(this.layout.numElements);
    const outputs = program.run(inputs, this.#scratch);
    addInPlace(this.gradients, this.#scratch);
    return outputs;
  }

  /** Euclidean norm of all gradients, summed in float64. */
  gradientNorm(): number {
    return norm(this.gradients);
  }

  scaleGradients(factor: number): void {
    scaleInPlace(this.gradients, factor);
  }

  /** AdamW on the gradients as they are; norms and biases are not decayed. */
  step(hyper: AdamWHyper): void {
    this.#assertAlive();
    this.#optimizer.step(hyper);
  }

  /** The optimizer's own buffers, which the next step changes: save or copy them before. */
  moments(): Moments {
    const { first, second, stepCount } = this.#optimizer;
    return { first, second, stepCount };
  }

  /** Copies saved moments in. */
  restore(moments: Moments): void {
    this.#optimizer.restore(moments);
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    for (const program of this.#programs) program.dispose();
    this.#optimizer.dispose();
  }

  #assertAlive(): void {
    if (this.#isDisposed) throw new DisposedError('a trainable model');
  }
}

/** Neighbouring slots of one kind as one range, padding included: fewer, longer runs. Vectors are not decayed. */
export function optimizerRanges(layout: ParameterLayout): ParameterRange[] {
  const ranges: ParameterRange[] = [];
  layout.slots.forEach((slot, index) => {
    const isDecayed = slot.shape.length > 1;
    const end = layout.slots[index + 1]?.offset ?? layout.numElements;
    const last = ranges.at(-1);
    if (last?.isDecayed === isDecayed) ranges[ranges.length - 1] = { ...last, end };
    else ranges.push({ start: slot.offset, end, isDecayed });
  });
  return ranges;
}
