// Differentiable reductions, float32: sum, mean, log-sum-exp, softmax.
import { recordOne } from '../autodiff.ts';
import type { Graph, Value } from '../graph.ts';
import { keepReduced, numElements, type Shape, staticShape } from '../shapes.ts';
import { plainReshape } from './shape.ts';

/** Sum over the given axes (default: all), which disappear. */
export function sum(graph: Graph, x: Value, axes: readonly number[] = allAxes(x)): Value {
  const shape = staticShape(x);
  const output = reduce(graph, 'ReduceSum', x, axes);
  const vjp = (gradient: Value) => [spread(graph, gradient, axes, shape)];
  return recordOne(graph, { name: 'sum', inputs: [x], output, vjp });
}

/** Mean over the given axes (default: all), which disappear. */
export function mean(graph: Graph, x: Value, axes: readonly number[] = allAxes(x)): Value {
  const shape = staticShape(x);
  const output = reduce(graph, 'ReduceMean', x, axes);
  const factor = graph.scalar(numElements(staticShape(output)) / numElements(shape));
  const vjp = (gradient: Value) => {
    const [share] = graph.op('Mul', [gradient, factor], [{ shape: staticShape(gradient) }]);
    return [spread(graph, share!, axes, shape)];
  };
  return recordOne(graph, { name: 'mean', inputs: [x], output, vjp });
}

/** log(sum(exp(x))) over the last axis, which disappears. */
export function logSumExp(graph: Graph, x: Value): Value {
  const shape = staticShape(x);
  const output = reduce(graph, 'ReduceLogSumExp', x, [shape.length - 1]);
  const vjp = (gradient: Value) => {
    const column = plainReshape(graph, gradient, keepReduced(shape, [shape.length - 1]));
    return graph.op('Mul', [plainSoftmax(graph, x), column], [{ shape }]);
  };
  return recordOne(graph, { name: 'logSumExp', inputs: [x], output, vjp });
}

/** Softmax over the last axis. */
export function softmax(graph: Graph, x: Value): Value {
  const shape = staticShape(x);
  const output = plainSoftmax(graph, x);
  const vjp = (gradient: Value) => {
    const [weighted] = graph.op('Mul', [gradient, output], [{ shape }]);
    const total = reduce(graph, 'ReduceSum', weighted!, [shape.length - 1], true);
    const [centered] = graph.op('Sub', [gradient, total], [{ shape }]);
    return graph.op('Mul', [centered!, output], [{ shape }]);
  };
  return recordOne(graph, { name: 'softmax', inputs: [x], output, vjp });
}

/** Without gradient, for use inside of units, as the next one. */
export function reduce(
  graph: Graph,
  type: 'ReduceSum' | 'ReduceMean' | 'ReduceLogSumExp',
  x: Value,
  axes: readonly number[],
  keepsAxes = false,
): Value {
  const from = staticShape(x);
  const shape = keepsAxes ? keepReduced(from, axes) : from.filter((_, axis) => !axes.includes(axis));
  const attributes = { keepdims: Number(keepsAxes) };
  return graph.op(type, [x, graph.int64(axes)], [{ shape }], { attributes })[0]!;
}

export function plainSoftmax(graph: Graph, x: Value): Value {
  return graph.op('Softmax', [x], [{ shape: staticShape(x) }], { attributes: { axis: -1 } })[0]!;
}

/** Repeats a reduced value along the axes that had disappeared. */
function spread(graph: Graph, x: Value, axes: readonly number[], shape: Shape): Value {
  const column = plainReshape(graph, x, keepReduced(shape, axes));
  return graph.op('Expand', [column, graph.int64(shape)], [{ shape }])[0]!;
}

function allAxes(x: Value): number[] {
  return x.shape.map((_, axis) => axis);
}
