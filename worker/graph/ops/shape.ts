// Differentiable changes of shape: reshape, transpose, split, concat. They move numbers and compute none.
import assert from 'node:assert/strict';
import { record, recordOne } from '../autodiff.ts';
import type { Graph, Value } from '../graph.ts';
import { isSameShape, numElements, type Shape, staticShape } from '../shapes.ts';

export function reshape(graph: Graph, x: Value, shape: Shape): Value {
  const from = staticShape(x);
  if (isSameShape(from, shape)) return x;
  assert(numElements(from) === numElements(shape), `internal: [${from}] cannot be reshaped to [${shape}]`);
  const vjp = (gradient: Value) => [plainReshape(graph, gradient, from)];
  return recordOne(graph, { name: 'reshape', inputs: [x], output: plainReshape(graph, x, shape), vjp });
}

/** Axis i of the result is axis permutation[i] of x. */
export function transpose(graph: Graph, x: Value, permutation: readonly number[]): Value {
  const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
  const vjp = (gradient: Value) => [plainTranspose(graph, gradient, inverse)];
  return recordOne(graph, { name: 'transpose', inputs: [x], output: plainTranspose(graph, x, permutation), vjp });
}

/** Parts of the given sizes along an axis. */
export function split(graph: Graph, x: Value, axis: number, sizes: readonly number[]): Value[] {
  const shape = staticShape(x);
  const outputs = plainSplit(graph, x, axis, sizes);
  record(graph, {
    name: 'split',
    inputs: [x],
    outputs,
    vjp: (gradients) => {
      const parts = gradients.map((gradient, index) => gradient ?? zeros(graph, staticShape(outputs[index]!)));
      return [plainConcat(graph, parts, axis, shape)];
    },
  });
  return outputs;
}

export function concat(graph: Graph, parts: readonly Value[], axis: number): Value {
  const shapes = parts.map(staticShape);
  const sizes = shapes.map((shape) => shape[axis]!);
  const shape = shapes[0]!.with(
    axis,
    sizes.reduce((sum, size) => sum + size, 0),
  );
  const output = plainConcat(graph, parts, axis, shape);
  return recordOne(graph, {
    name: 'concat',
    inputs: parts,
    output,
    vjp: (gradient) => plainSplit(graph, gradient, axis, sizes),
  });
}

/** Without gradient, for use inside of units, as the next ones. */
export function plainReshape(graph: Graph, x: Value, shape: Shape): Value {
  return graph.op('Reshape', [x, graph.int64(shape)], [{ shape, dtype: x.dtype }])[0]!;
}

export function plainTranspose(graph: Graph, x: Value, permutation: readonly number[]): Value {
  const from = staticShape(x);
  const shape = permutation.map((axis) => from[axis]!);
  return graph.op('Transpose', [x], [{ shape, dtype: x.dtype }], { attributes: { perm: permutation } })[0]!;
}

export function plainSplit(graph: Graph, x: Value, axis: number, sizes: readonly number[]): Value[] {
  const shape = staticShape(x);
  const outputs = sizes.map((size) => ({ shape: shape.with(axis, size), dtype: x.dtype }));
  return graph.op('Split', [x, graph.int64(sizes)], outputs, { attributes: { axis } });
}

export function plainConcat(graph: Graph, parts: readonly Value[], axis: number, shape: Shape): Value {
  return graph.op('Concat', parts, [{ shape, dtype: parts[0]!.dtype }], { attributes: { axis } })[0]!;
}

function zeros(graph: Graph, shape: Shape): Value {
  return graph.op('Expand', [graph.scalar(0), graph.int64(shape)], [{ shape }])[0]!;
}
