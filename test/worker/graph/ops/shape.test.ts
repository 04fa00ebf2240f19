// Gradients of reshape, transpose, split and concat by finite differences.
import { test } from 'node:test';
import { multiply } from '../../../../worker/graph/ops/elementwise.ts';
import { concat, reshape, split, transpose } from '../../../../worker/graph/ops/shape.ts';
import { checkGradients } from '../support.ts';

test('gradient of reshape', () => {
  checkGradients({ inputs: { x: { shape: [2, 6] } }, build: (graph, { x }) => reshape(graph, x!, [3, 4]) });
});

test('gradient of transpose', () => {
  checkGradients({ inputs: { x: { shape: [2, 3, 4] } }, build: (graph, { x }) => transpose(graph, x!, [2, 0, 1]) });
});

test('gradient of split, when every part counts and when one does not', () => {
  checkGradients({
    inputs: { x: { shape: [3, 5] } },
    build: (graph, { x }) => {
      const [a, b, c] = split(graph, x!, 1, [2, 1, 2]);
      return multiply(graph, multiply(graph, a!, b!), c!);
    },
  });
  checkGradients({ inputs: { x: { shape: [3, 5] } }, build: (graph, { x }) => split(graph, x!, 1, [2, 3])[1]! });
});

test('gradient of concat', () => {
  checkGradients({
    inputs: { a: { shape: [2, 1, 3] }, b: { shape: [2, 2, 3] } },
    build: (graph, { a, b }) => concat(graph, [a!, b!, a!], 1),
  });
});
