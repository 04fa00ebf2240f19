// Arithmetic on shapes, pure. Knows broadcasting as ONNX and NumPy define it; refuses to know operators.
import assert from 'node:assert/strict';
import type { Value } from './graph.ts';

export type Shape = readonly number[];

/** The shape of a value that has no symbolic dimension. */
export function staticShape(value: Value): Shape {
  return value.shape.map((dim) => {
    assert(typeof dim === 'number', `internal: "${value.name}" [${value.shape}] must have a static shape`);
    return dim;
  });
}

export function numElements(shape: Shape): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

export function isSameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/** The common shape of operands that are aligned at their last axes and repeated along axes of size 1. */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    assert(x === y || x === 1 || y === 1, `internal: [${a}] and [${b}] cannot be broadcast`);
    return x === 1 ? y : x;
  });
}

/** The axes of `full` along which an operand of shape `operand` was repeated. */
export function broadcastAxes(operand: Shape, full: Shape): number[] {
  const shift = full.length - operand.length;
  return full.flatMap((dim, axis) => (axis < shift || (operand[axis - shift] === 1 && dim !== 1) ? [axis] : []));
}

/** `shape` with the given axes set to 1. */
export function keepReduced(shape: Shape, axes: readonly number[]): Shape {
  return shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
}
