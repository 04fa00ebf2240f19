// RMSNorm as one unit with its own gradient. Knows the formula; refuses to know where it stands in a model.
// Source: Zhang and Sennrich 2019, arXiv:1910.07467; as in transformers' LlamaRMSNorm.
import { recordOne } from './autodiff.ts';
import type { Graph, Value } from './graph.ts';
import { gemm } from './ops/linear.ts';
import { plainReshape } from './ops/shape.ts';
import { staticShape } from './shapes.ts';

/** x [N, d] times r = 1 / sqrt(mean(x^2) + epsilon) per row, times weight [d]: [N, d]. */
export function rmsNorm(graph: Graph, x: Value, weight: Value, epsilon: number): Value {
  const shape = staticShape(x);
  const [numRows, width] = shape as [number, number];
  const column = [numRows, 1];
  // ONNX Runtime's operator lives in ONNX's own domain; its second output is r.
  const attributes = { axis: -1, epsilon: { float: epsilon }, stash_type: 1 };
  const [output, r] = graph.unit('rmsNorm', () =>
    graph.op('SimplifiedLayerNormalization', [x, weight], [{ shape }, { shape: column }], { attributes }),
  );
  const multiply = (a: Value, b: Value, to: readonly number[]) => graph.op('Mul', [a, b], [{ shape: to }])[0]!;
  // With p = gradient * x:  d weight = sum over rows of r * p;  d x = gradient * weight * r - x * r^3 * (p . weight) / d.
  // Both sums are matrix products, which read p once each and write next to nothing.
  const vjp = (gradient: Value, needed: readonly boolean[]) => {
    const product = multiply(gradient, x, shape);
    const forWeight = () => plainReshape(graph, gemm(graph, r!, product, { transposeA: true }), [width]);
    const forInput = () => {
      const dot = gemm(graph, product, plainReshape(graph, weight, [width, 1]), { alpha: 1 / width });
      const cube = multiply(r!, multiply(r!, r!, column), column);
      const radial = multiply(x, multiply(dot, cube, column), shape);
      const scaled = multiply(multiply(gradient, weight, shape), r!, shape);
      return graph.op('Sub', [scaled, radial], [{ shape }])[0]!;
    };
    return [needed[0] ? forInput() : null, needed[1] ? forWeight() : null];
  };
  return recordOne(graph, { name: 'rmsNorm', inputs: [x, weight], output: output!, vjp });
}
