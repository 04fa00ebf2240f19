// Matrix products: gradients by finite differences, and values at a size where kernels split their work over threads.
import { test } from 'node:test';
import { gradients } from '../../../../worker/graph/autodiff.ts';
import { Graph } from '../../../../worker/graph/graph.ts';
import { multiply } from '../../../../worker/graph/ops/elementwise.ts';
import { linear, matmul } from '../../../../worker/graph/ops/linear.ts';
import { sum } from '../../../../worker/graph/ops/reduce.ts';
import { compileGraph } from '../../../../worker/models/train-graph.ts';
import { assertClose, checkGradients, random, runOnce } from '../support.ts';

test('gradient of linear, with and without bias', () => {
  const inputs = { x: { shape: [4, 3] }, weight: { shape: [5, 3] } };
  checkGradients({ inputs, build: (graph, { x, weight }) => linear(graph, x!, weight!) });
  checkGradients({
    inputs: { ...inputs, bias: { shape: [5] } },
    build: (graph, { x, weight, bias }) => linear(graph, x!, weight!, bias!),
  });
});

for (const transposeA of [false, true]) {
  for (const transposeB of [false, true]) {
    test(`gradient of matmul, transposeA ${transposeA}, transposeB ${transposeB}`, () => {
      checkGradients({
        inputs: { a: { shape: transposeA ? [2, 3, 4] : [2, 4, 3] }, b: { shape: transposeB ? [2, 5, 3] : [2, 3, 5] } },
        build: (graph, { a, b }) => matmul(graph, a!, b!, { transposeA, transposeB, alpha: 0.7 }),
      });
    });
  }
}

test('linear and its gradients at [2048, 512] x [384, 512] on 2 threads equal float64 arithmetic', () => {
  const [n, d, out] = [2048, 512, 384];
  const graph = new Graph();
  const [x, weight, bias] = [graph.input('x', [n, d]), graph.input('weight', [out, d]), graph.input('bias', [out])];
  const output = linear(graph, x, weight, bias);
  const outputGradient = random(n * out, 4);
  const loss = sum(graph, multiply(graph, output, graph.constant(outputGradient, [n, out])));
  const found = gradients(graph, loss, [x, weight, bias]);
  ['x', 'weight', 'bias'].forEach((name, i) => {
    graph.output(found[i]!, `gradient.${name}`);
  });
  graph.output(output, 'y');
  const data = { x: random(n * d, 1), weight: random(out * d, 2), bias: random(out, 3) };
  const result = runOnce(compileGraph(graph), data, 2);
  // Whole rows of each product, spread over all of it: every block of a split kernel is touched.
  for (let row = 5; row < n; row += 97) {
    const expected = Array.from({ length: out }, (_, column) =>
      dot(d, (k) => data.x[row * d + k]! * data.weight[column * d + k]!, data.bias[column]!),
    );
    assertClose(result.y!.subarray(row * out, (row + 1) * out), expected, 1e-4, `y, row ${row}`);
    const forX = Array.from({ length: d }, (_, column) =>
      dot(out, (k) => outputGradient[row * out + k]! * data.weight[k * d + column]!),
    );
    assertClose(result['gradient.x']!.subarray(row * d, (row + 1) * d), forX, 1e-4, `gradient of x, row ${row}`);
  }
  for (let row = 3; row < out; row += 83) {
    const forWeight = Array.from({ length: d }, (_, column) =>
      dot(n, (k) => outputGradient[k * out + row]! * data.x[k * d + column]!),
    );
    const actual = result['gradient.weight']!.subarray(row * d, (row + 1) * d);
    assertClose(actual, forWeight, 5e-4, `gradient of weight, row ${row}`);
  }
  const forBias = Array.from({ length: out }, (_, column) => dot(n, (k) => outputGradient[k * out + column]!));
  assertClose(result['gradient.bias']!, forBias, 5e-4, 'gradient of bias');
});

function dot(length: number, term: (k: number) => number, start = 0): number {
  let total = start;
  for (let k = 0; k < length; k++) total += term(k);
  return total;
}
