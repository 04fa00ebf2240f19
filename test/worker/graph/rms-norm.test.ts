// RMSNorm: its gradient by finite differences, its value by hand.
import { test } from 'node:test';
import { Graph } from '../../../worker/graph/graph.ts';
import { rmsNorm } from '../../../worker/graph/rms-norm.ts';
import { compileGraph } from '../../../worker/models/train-graph.ts';
import { assertClose, checkGradients, random, runOnce } from './support.ts';

test('gradient of rmsNorm', () => {
  checkGradients({
    inputs: { x: { shape: [4, 6] }, weight: { shape: [6], data: random(6, 8, 0.5, 1.5) } },
    build: (graph, { x, weight }) => rmsNorm(graph, x!, weight!, 1e-2),
  });
});

test('rmsNorm divides by the root mean square', () => {
  const graph = new Graph();
  const weight = graph.constant(Float32Array.of(1, 2), [2]);
  graph.output(rmsNorm(graph, graph.input('x', [1, 2]), weight, 1e-6), 'y');
  const { y } = runOnce(compileGraph(graph), { x: Float32Array.of(3, 4) });
  const root = Math.sqrt(12.5 + 1e-6);
  assertClose(y!, [3 / root, 8 / root], 1e-6, 'rmsNorm');
});
