// SwiGLU: its gradient by finite differences, its value in float64.
import { test } from 'node:test';
import { Graph } from '../../../worker/graph/graph.ts';
import { swiGlu } from '../../../worker/graph/swiglu.ts';
import { compileGraph } from '../../../worker/models/train-graph.ts';
import { assertClose, checkGradients, runOnce } from './support.ts';

test('gradient of swiGlu', () => {
  checkGradients({ inputs: { x: { shape: [3, 8] } }, build: (graph, { x }) => swiGlu(graph, x!) });
});

test('swiGlu multiplies the activated first half by the second', () => {
  const graph = new Graph();
  graph.output(swiGlu(graph, graph.input('gateUp', [1, 4])), 'y');
  const { y } = runOnce(compileGraph(graph), { gateUp: Float32Array.of(1, -2, 3, 4) });
  assertClose(y!, [3 / (1 + Math.exp(-1)), -8 / (1 + Math.exp(2))], 1e-6, 'swiGlu');
});
