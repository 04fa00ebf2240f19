// Reverse-mode differentiation of graphs. Differentiable ops record on a tape beside the graph how the gradient of their
// outputs becomes the gradient of their inputs; gradients() appends the backward pass. Refuses to know any operator.
// Shapes of whatever is differentiated are static.
import assert from 'node:assert/strict';
import type { Graph, Value } from './graph.ts';
import { staticShape } from './shapes.ts';

/**
 * Vector-Jacobian product: from the gradient of each output (null: the loss doesn't depend on it) to the gradient of
 * each input, of that input's shape; null where `needed` is false or where there is none.
 */
export type Vjp = (outputGradients: readonly (Value | null)[], needed: readonly boolean[]) => readonly (Value | null)[];

export interface TapeEntry {
  /** The unit's name, e.g. "rmsNorm"; for messages. */
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly vjp: Vjp;
}

const tapes = new WeakMap<Graph, TapeEntry[]>();

/** Records how outputs, built just now from inputs, are differentiated. */
export function record(graph: Graph, entry: TapeEntry): void {
  const tape = tapes.get(graph);
  if (tape === undefined) tapes.set(graph, [entry]);
  else tape.push(entry);
}

/** record() for the usual case of one output, whose gradient is always there. Returns the output. */
export function recordOne(
  graph: Graph,
  entry: Omit<TapeEntry, 'outputs' | 'vjp'> & {
    readonly output: Value;
    readonly vjp: (gradient: Value, needed: readonly boolean[]) => readonly (Value | null)[];
  },
): Value {
  const { name, inputs, output, vjp } = entry;
  record(graph, { name, inputs, outputs: [output], vjp: ([gradient], needed) => vjp(gradient!, needed) });
  return output;
}

/**
 * Gradients of `loss` (one element, any rank) with respect to each of `wrt`, in that order and in their shapes; zeros
 * where the loss doesn't depend on it. Only what leads from `wrt` to `loss` gets backward operators.
 */
export function gradients(graph: Graph, loss: Value, wrt: readonly Value[]): Value[] {
  const numElements = staticShape(loss).reduce((product, dim) => product * dim, 1);
  assert(numElements === 1, `internal: the loss has ${numElements} elements, gradients need one`);
  return graph.unit('backward', () => {
    const tape = [...(tapes.get(graph) ?? [])];
    const backward = new BackwardPass(graph, dependents(tape, wrt));
    backward.seed(loss);
    for (const entry of tape.reverse()) backward.visit(entry);
    return wrt.map((value) => backward.gradientOf(value) ?? zerosLike(graph, value));
  });
}

/** Everything that depends on one of `roots`, the roots included. */
function dependents(tape: readonly TapeEntry[], roots: readonly Value[]): ReadonlySet<Value> {
  const reached = new Set(roots);
  for (const { inputs, outputs } of tape) {
    if (inputs.some((input) => reached.has(input))) for (const output of outputs) reached.add(output);
  }
  return reached;
}

class BackwardPass {
  readonly #graph: Graph;
  readonly #dependents: ReadonlySet<Value>;
  readonly #gradients = new Map<Value, Value>();

  constructor(graph: Graph, dependents: ReadonlySet<Value>) {
    this.#graph = graph;
    this.#dependents = dependents;
  }

  seed(loss: Value): void {
    this.#gradients.set(loss, this.#graph.constant(Float32Array.of(1), staticShape(loss)));
  }

  gradientOf(value: Value): Value | undefined {
    return this.#gradients.get(value);
  }

  visit({ name, inputs, outputs, vjp }: TapeEntry): void {
    const outputGradients = outputs.map((output) => this.#gradients.get(output) ?? null);
    const needed = inputs.map((input) => this.#dependents.has(input));
    if (outputGradients.every((gradient) => gradient === null) || !needed.includes(true)) return;
    const inputGradients = this.#graph.unit(name, () => vjp(outputGradients, needed));
    inputs.forEach((input, index) => {
      const gradient = inputGradients[index] ?? null;
      if (needed[index] && gradient !== null) this.#accumulate(name, input, gradient);
    });
  }

  #accumulate(name: string, value: Value, gradient: Value): void {
    const shape = staticShape(value);
    assert(`${gradient.shape}` === `${shape}`, `internal: ${name} gave [${gradient.shape}] for an input [${shape}]`);
    const known = this.#gradients.get(value);
    const sum = known === undefined ? gradient : this.#graph.op('Add', [known, gradient], [{ shape }])[0]!;
    this.#gradients.set(value, sum);
  }
}

function zerosLike(graph: Graph, value: Value): Value {
  const shape = staticShape(value);
  return graph.op('Expand', [graph.scalar(0), graph.int64(shape)], [{ shape }])[0]!;
}
