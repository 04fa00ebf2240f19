// What the backward pass does with the shape of a graph: shared values, values that don't count, several losses.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gradients, recordOne } from '../../../worker/graph/autodiff.ts';
import { Graph } from '../../../worker/graph/graph.ts';
import { add, exp, multiply, square } from '../../../worker/graph/ops/elementwise.ts';
import { sum } from '../../../worker/graph/ops/reduce.ts';
import { compileGraph } from '../../../worker/models/train-graph.ts';
import { runOnce } from './support.ts';

test('a value used twice gets the sum of both gradients', () => {
  const graph = new Graph();
  const x = graph.input('x', []);
  const loss = add(graph, multiply(graph, x, x), multiply(graph, x, graph.scalar(5)));
  graph.output(gradients(graph, loss, [x])[0]!, 'gradient');
  assert.equal(runOnce(compileGraph(graph), { x: Float32Array.of(3) }).gradient![0], 11);
});

test('what the loss does not depend on gets zeros; an intermediate value may be asked for', () => {
  const graph = new Graph();
  const x = graph.input('x', [2]);
  const other = graph.input('other', [3]);
  const middle = exp(graph, x);
  square(graph, other);
  const loss = sum(graph, square(graph, middle));
  const [forX, forMiddle, forOther] = gradients(graph, loss, [x, middle, other]);
  graph.output(forX!, 'forX');
  graph.output(forMiddle!, 'forMiddle');
  graph.output(forOther!, 'forOther');
  const found = runOnce(compileGraph(graph), { x: Float32Array.of(0, 0), other: Float32Array.of(1, 2, 3) });
  assert.deepEqual([...found.forX!], [2, 2]);
  assert.deepEqual([...found.forMiddle!], [2, 2]);
  assert.deepEqual([...found.forOther!], [0, 0, 0]);
});

test('a loss has one element, whatever its rank', () => {
  const graph = new Graph();
  const x = graph.input('x', []);
  const cube = multiply(graph, multiply(graph, x, x), x);
  assert.throws(() => gradients(graph, graph.input('wide', [2]), [x]), /the loss has 2 elements/);
  graph.output(gradients(graph, cube, [x])[0]!, 'first');
  assert.equal(runOnce(compileGraph(graph), { x: Float32Array.of(2), wide: new Float32Array(2) }).first![0], 12);
});

test('a gradient of the wrong shape is an internal error that names the unit', () => {
  const graph = new Graph();
  const x = graph.input('x', [2]);
  const output = recordOne(graph, {
    name: 'broken',
    inputs: [x],
    output: graph.op('ReduceSum', [x], [{ shape: [] }], { attributes: { keepdims: 0 } })[0]!,
    vjp: (gradient) => [gradient],
  });
  assert.throws(() => gradients(graph, output, [x]), /internal: broken gave \[\] for an input \[2\]/);
});
