// Gradients of reductions by finite differences; log-sum-exp and softmax far from zero.
import { test } from 'node:test';
import { Graph } from '../../../../worker/graph/graph.ts';
import { logSumExp, mean, softmax, sum } from '../../../../worker/graph/ops/reduce.ts';
import { compileGraph } from '../../../../worker/models/train-graph.ts';
import { assertClose, checkGradients, runOnce } from '../support.ts';

const inputs = { x: { shape: [2, 3, 4] } };

test('gradients of sum and mean over some axes and over all', () => {
  for (const op of [sum, mean]) {
    checkGradients({ inputs, build: (graph, { x }) => op(graph, x!) });
    checkGradients({ inputs, build: (graph, { x }) => op(graph, x!, [1]) });
    checkGradients({ inputs, build: (graph, { x }) => op(graph, x!, [0, 2]) });
  }
});

test('gradients of logSumExp and softmax', () => {
  checkGradients({ inputs, build: (graph, { x }) => logSumExp(graph, x!) });
  checkGradients({ inputs, build: (graph, { x }) => softmax(graph, x!) });
});

test('logSumExp and softmax survive large numbers', () => {
  const graph = new Graph();
  const x = graph.input('x', [2, 2]);
  graph.output(logSumExp(graph, x), 'total');
  graph.output(softmax(graph, x), 'weights');
  const { total, weights } = runOnce(compileGraph(graph), { x: Float32Array.of(1000, 1000, -1000, -1001) });
  assertClose(total!, [1000 + Math.LN2, -1000 + Math.log1p(Math.exp(-1))], 1e-4, 'logSumExp');
  assertClose(weights!, [0.5, 0.5, 1 / (1 + Math.exp(-1)), 1 / (1 + Math.E)], 1e-6, 'softmax');
});
