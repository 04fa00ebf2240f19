// Differentiable matrix products, float32. Refuses to know what the matrices mean.
import assert from 'node:assert/strict';
import { recordOne } from '../autodiff.ts';
import type { Graph, Value } from '../graph.ts';
import { staticShape } from '../shapes.ts';

/** transposeA/B swap the last two axes first; the product is multiplied by alpha (default 1). */
export interface MatmulOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly alpha?: number;
}

/**
 * x [N, in] times the transpose of weight [out, in] (Hugging Face's layout), plus bias [out] if there is one:
 * [N, out].
 */
export function linear(graph: Graph, x: Value, weight: Value, bias: Value | null = null): Value {
  const [numRows, numIn] = matrixShape(x);
  const [numOut, weightIn] = matrixShape(weight);
  assert(numIn === weightIn, `internal: linear of [${x.shape}] with a weight [${weight.shape}]`);
  const inputs = bias === null ? [x, weight] : [x, weight, bias];
  const [output] = graph.op('Gemm', inputs, [{ shape: [numRows, numOut] }], { attributes: { transB: 1 } });
  const vjp = (gradient: Value, needed: readonly boolean[]) => [
    needed[0] ? gemm(graph, gradient, weight) : null,
    needed[1] ? gemm(graph, gradient, x, { transposeA: true }) : null,
    needed[2] ? sumRows(graph, gradient) : null,
  ];
  return recordOne(graph, { name: 'linear', inputs, output: output!, vjp });
}

/** a [..., m, k] times b [..., k, n] with equal leading axes: [..., m, n]. */
export function matmul(graph: Graph, a: Value, b: Value, options: MatmulOptions = {}): Value {
  const { transposeA = false, transposeB = false, alpha = 1 } = options;
  const product = (x: Value, y: Value, xTransposed: boolean, yTransposed: boolean) =>
    batchedMatmul(graph, x, y, { transposeA: xTransposed, transposeB: yTransposed, alpha });
  const vjp = (gradient: Value, needed: readonly boolean[]) => {
    const forA = () => (transposeA ? product(b, gradient, transposeB, true) : product(gradient, b, false, !transposeB));
    const forB = () => (transposeB ? product(gradient, a, true, transposeA) : product(a, gradient, !transposeA, false));
    return [needed[0] ? forA() : null, needed[1] ? forB() : null];
  };
  return recordOne(graph, { name: 'matmul', inputs: [a, b], output: batchedMatmul(graph, a, b, options), vjp });
}

/** a [m, k] times b [k, n]; without gradient, for use inside of gradients. */
export function gemm(graph: Graph, a: Value, b: Value, options: MatmulOptions = {}): Value {
  const { transposeA = false, transposeB = false, alpha = 1 } = options;
  const attributes = { transA: Number(transposeA), transB: Number(transposeB), alpha: { float: alpha } };
  const shape = [matrixShape(a)[transposeA ? 1 : 0]!, matrixShape(b)[transposeB ? 0 : 1]!];
  return graph.op('Gemm', [a, b], [{ shape }], { attributes })[0]!;
}

/** matmul() without gradient, for use inside of gradients. */
export function batchedMatmul(graph: Graph, a: Value, b: Value, options: MatmulOptions = {}): Value {
  const { transposeA = false, transposeB = false, alpha = 1 } = options;
  const aShape = staticShape(a);
  const bShape = staticShape(b);
  const numColumns = bShape.at(transposeB ? -2 : -1)!;
  const shape = [...aShape.slice(0, -2), aShape.at(transposeA ? -1 : -2)!, numColumns];
  const attributes = { transA: Number(transposeA), transB: Number(transposeB), alpha: { float: alpha } };
  return graph.op('FusedMatMul', [a, b], [{ shape }], { attributes, domain: 'com.microsoft' })[0]!;
}

/** [N, d] -> [d]. */
function sumRows(graph: Graph, x: Value): Value {
  const shape = [matrixShape(x)[1]!];
  return graph.op('ReduceSum', [x, graph.int64([0])], [{ shape }], { attributes: { keepdims: 0 } })[0]!;
}

function matrixShape(x: Value): readonly number[] {
  const shape = staticShape(x);
  assert(shape.length === 2, `internal: "${x.name}" [${shape}] must be a matrix`);
  return shape;
}
