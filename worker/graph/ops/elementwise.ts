// Differentiable elementwise operators with NumPy broadcasting, float32. Knows one operator at a time; refuses to know
// units that are worth a hand-written gradient (rms-norm.ts and its neighbours).
import { recordOne } from '../autodiff.ts';
import type { Graph, Value } from '../graph.ts';
import { broadcastAxes, broadcastShapes, isSameShape, keepReduced, staticShape } from '../shapes.ts';

/** a + b. */
export function add(graph: Graph, a: Value, b: Value): Value {
  const vjp = (gradient: Value) => [unbroadcast(graph, gradient, a), unbroadcast(graph, gradient, b)];
  return recordOne(graph, { name: 'add', inputs: [a, b], output: binary(graph, 'Add', a, b), vjp });
}

/** a - b. */
export function subtract(graph: Graph, a: Value, b: Value): Value {
  const vjp = (gradient: Value, needed: readonly boolean[]) => [
    unbroadcast(graph, gradient, a),
    needed[1] ? unbroadcast(graph, unary(graph, 'Neg', gradient), b) : null,
  ];
  return recordOne(graph, { name: 'subtract', inputs: [a, b], output: binary(graph, 'Sub', a, b), vjp });
}

/** a * b. */
export function multiply(graph: Graph, a: Value, b: Value): Value {
  const vjp = (gradient: Value, needed: readonly boolean[]) => [
    needed[0] ? unbroadcast(graph, binary(graph, 'Mul', gradient, b), a) : null,
    needed[1] ? unbroadcast(graph, binary(graph, 'Mul', gradient, a), b) : null,
  ];
  return recordOne(graph, { name: 'multiply', inputs: [a, b], output: binary(graph, 'Mul', a, b), vjp });
}

/** a / b. */
export function divide(graph: Graph, a: Value, b: Value): Value {
  const output = binary(graph, 'Div', a, b);
  const vjp = (gradient: Value, needed: readonly boolean[]) => {
    const scaled = binary(graph, 'Div', gradient, b);
    const negated = needed[1] ? unary(graph, 'Neg', binary(graph, 'Mul', scaled, output)) : null;
    return [unbroadcast(graph, scaled, a), negated && unbroadcast(graph, negated, b)];
  };
  return recordOne(graph, { name: 'divide', inputs: [a, b], output, vjp });
}

export function negate(graph: Graph, x: Value): Value {
  const vjp = (gradient: Value) => [unary(graph, 'Neg', gradient)];
  return recordOne(graph, { name: 'negate', inputs: [x], output: unary(graph, 'Neg', x), vjp });
}

export function exp(graph: Graph, x: Value): Value {
  const output = unary(graph, 'Exp', x);
  const vjp = (gradient: Value) => [binary(graph, 'Mul', gradient, output)];
  return recordOne(graph, { name: 'exp', inputs: [x], output, vjp });
}

/** Natural logarithm. */
export function log(graph: Graph, x: Value): Value {
  const vjp = (gradient: Value) => [binary(graph, 'Div', gradient, x)];
  return recordOne(graph, { name: 'log', inputs: [x], output: unary(graph, 'Log', x), vjp });
}

export function sqrt(graph: Graph, x: Value): Value {
  const output = unary(graph, 'Sqrt', x);
  const vjp = (gradient: Value) => {
    const half = binary(graph, 'Mul', gradient, graph.scalar(0.5));
    return [binary(graph, 'Div', half, output)];
  };
  return recordOne(graph, { name: 'sqrt', inputs: [x], output, vjp });
}

export function square(graph: Graph, x: Value): Value {
  const vjp = (gradient: Value) => {
    const twice = binary(graph, 'Mul', gradient, graph.scalar(2));
    return [binary(graph, 'Mul', twice, x)];
  };
  return recordOne(graph, { name: 'square', inputs: [x], output: binary(graph, 'Mul', x, x), vjp });
}

export function sigmoid(graph: Graph, x: Value): Value {
  const output = unary(graph, 'Sigmoid', x);
  const vjp = (gradient: Value) => {
    const complement = binary(graph, 'Sub', graph.scalar(1), output);
    return [binary(graph, 'Mul', gradient, binary(graph, 'Mul', output, complement))];
  };
  return recordOne(graph, { name: 'sigmoid', inputs: [x], output, vjp });
}

/** log(sigmoid(x)) without overflow: the loss of a pairwise reward model. */
export function logSigmoid(graph: Graph, x: Value): Value {
  const negated = unary(graph, 'Neg', x);
  const output = unary(graph, 'Neg', unary(graph, 'Softplus', negated));
  const vjp = (gradient: Value) => [binary(graph, 'Mul', gradient, unary(graph, 'Sigmoid', negated))];
  return recordOne(graph, { name: 'logSigmoid', inputs: [x], output, vjp });
}

/** The smaller one; where both are equal, the gradient goes to b. */
export function minimum(graph: Graph, a: Value, b: Value): Value {
  return where(graph, compare(graph, 'Less', a, b), a, b);
}

/** The larger one; where both are equal, the gradient goes to b. */
export function maximum(graph: Graph, a: Value, b: Value): Value {
  return where(graph, compare(graph, 'Greater', a, b), a, b);
}

/** x limited to [low, high]; the gradient passes where low <= x <= high. */
export function clamp(graph: Graph, x: Value, low: number, high: number): Value {
  const shape = staticShape(x);
  const [output] = graph.op('Clip', [x, graph.scalar(low), graph.scalar(high)], [{ shape }]);
  const vjp = (gradient: Value) => {
    const isAbove = compare(graph, 'GreaterOrEqual', x, graph.scalar(low));
    const isBelow = compare(graph, 'LessOrEqual', x, graph.scalar(high));
    const [isInside] = graph.op('And', [isAbove, isBelow], [{ shape, dtype: 'bool' }]);
    return [graph.op('Where', [isInside!, gradient, graph.scalar(0)], [{ shape }])[0]!];
  };
  return recordOne(graph, { name: 'clamp', inputs: [x], output: output!, vjp });
}

/** a where condition (bool), otherwise b. */
export function where(graph: Graph, condition: Value, a: Value, b: Value): Value {
  const shape = broadcastShapes(staticShape(condition), broadcastShapes(staticShape(a), staticShape(b)));
  const [output] = graph.op('Where', [condition, a, b], [{ shape }]);
  const select = (whenTrue: Value, whenFalse: Value) =>
    graph.op('Where', [condition, whenTrue, whenFalse], [{ shape }])[0]!;
  const vjp = (gradient: Value, needed: readonly boolean[]) => {
    const zero = graph.scalar(0);
    return [
      needed[0] ? unbroadcast(graph, select(gradient, zero), a) : null,
      needed[1] ? unbroadcast(graph, select(zero, gradient), b) : null,
    ];
  };
  return recordOne(graph, { name: 'where', inputs: [a, b], output: output!, vjp });
}

/** A bool value, without gradient. */
export function compare(
  graph: Graph,
  type: 'Less' | 'LessOrEqual' | 'Greater' | 'GreaterOrEqual' | 'Equal',
  a: Value,
  b: Value,
): Value {
  const shape = broadcastShapes(staticShape(a), staticShape(b));
  return graph.op(type, [a, b], [{ shape, dtype: 'bool' }])[0]!;
}

/** x as a constant: the same value, through which no gradient flows. */
export function stopGradient(graph: Graph, x: Value): Value {
  return graph.op('Identity', [x], [{ shape: x.shape, dtype: x.dtype }])[0]!;
}

/** Sums a gradient over the axes along which an operand was repeated. */
function unbroadcast(graph: Graph, gradient: Value, operand: Value): Value {
  const full = staticShape(gradient);
  const shape = staticShape(operand);
  if (isSameShape(full, shape)) return gradient;
  const axes = broadcastAxes(shape, full);
  const reduced = keepReduced(full, axes);
  const attributes = { keepdims: 1 };
  const [sum] = graph.op('ReduceSum', [gradient, graph.int64(axes)], [{ shape: reduced }], { attributes });
  if (isSameShape(reduced, shape)) return sum!;
  return graph.op('Reshape', [sum!, graph.int64(shape)], [{ shape }])[0]!;
}

function unary(graph: Graph, type: string, x: Value): Value {
  return graph.op(type, [x], [{ shape: staticShape(x) }])[0]!;
}

function binary(graph: Graph, type: string, a: Value, b: Value): Value {
  return graph.op(type, [a, b], [{ shape: broadcastShapes(staticShape(a), staticShape(b)) }])[0]!;
}
