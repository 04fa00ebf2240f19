// The graph builder, judged by ONNX Runtime itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Graph } from '../../../worker/graph/graph.ts';
import type { TensorView } from '../../../worker/runtime/device.ts';
import { runInto } from './run-into.ts';

const vector = (...values: number[]): TensorView => ({ data: Float32Array.from(values), shape: [values.length] });

test('a graph computes what its operators say', () => {
  const graph = new Graph();
  const x = graph.input('x', [3]);
  const [sum] = graph.op('Add', [x, graph.scalar(2)], [{ shape: [3] }]);
  const [product] = graph.op('Mul', [sum!, x], [{ shape: [3] }]);
  graph.output(product!, 'y');
  const y = vector(0, 0, 0);
  runInto(graph, { x: vector(1, -4, 3) }, { y });
  assert.deepEqual([...y.data], [3, 8, 15]);
});

test('symbolic dimensions take their size from the buffers', () => {
  const graph = new Graph();
  const x = graph.input('x', ['n', 2]);
  const [y] = graph.op('Neg', [x], [{ shape: ['n', 2] }]);
  graph.output(y!, 'y');
  for (const n of [1, 5]) {
    const result: TensorView = { data: new Float32Array(2 * n), shape: [n, 2] };
    runInto(graph, { x: { data: new Float32Array(2 * n).fill(3), shape: [n, 2] } }, { y: result });
    assert.deepEqual([...result.data], new Array(2 * n).fill(-3));
  }
});

test('inputs, constants and twice-named values may be outputs too', () => {
  const graph = new Graph();
  const x = graph.input('x', [1]);
  const [y] = graph.op('Neg', [x], [{ shape: [1] }]);
  graph.output(x, 'same');
  graph.output(y!, 'first');
  graph.output(y!, 'second');
  graph.output(graph.constant(Float32Array.of(9), [1]), 'nine');
  const outputs = { same: vector(0), first: vector(0), second: vector(0), nine: vector(0) };
  runInto(graph, { x: vector(4) }, outputs);
  assert.deepEqual(
    Object.values(outputs).map((view) => view.data[0]),
    [4, -4, -4, 9],
  );
});

test("an initializer's data comes from the session, and an unused input may be bound", () => {
  const graph = new Graph();
  const x = graph.input('x', [1, 2]);
  graph.input('unused', [3], 'int64');
  const weight = graph.initializer('weight', [2, 2]);
  const [y] = graph.op('MatMul', [x, weight], [{ shape: [1, 2] }]);
  graph.output(y!, 'y');
  const view: TensorView = { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] };
  for (const prepacking of [true, false]) {
    const result: TensorView = { data: new Float32Array(2), shape: [1, 2] };
    runInto(
      graph,
      { x: { data: Float32Array.of(1, 10), shape: [1, 2] }, unused: { data: new BigInt64Array(3), shape: [3] } },
      { y: result },
      { threads: 1, prepacking, initializers: { weight: view } },
    );
    assert.deepEqual([...result.data], [31, 42]);
  }
});

test('equal constants are one, different ones are not', () => {
  const graph = new Graph();
  assert.equal(graph.int64([1, 2]), graph.int64([1, 2]));
  assert.equal(graph.scalar(0.5), graph.constant(Float32Array.of(0.5), []));
  assert.notEqual(graph.int64([1, 2]), graph.int64([1, 2], [1, 2]));
  assert.notEqual(graph.scalar(0), graph.scalar(-0));
});

test('a name is given once, and values stay in their graph', () => {
  const graph = new Graph();
  const x = graph.input('x', [1]);
  assert.throws(() => graph.input('x', [1]), /value "x" already/);
  graph.output(x, 'y');
  assert.throws(() => graph.output(x, 'y'), /output "y" already/);
  assert.throws(() => graph.input('y', [1]), /value "y" already/);
  assert.throws(() => new Graph().op('Neg', [x], [{ shape: [1] }]), /belongs to another graph/);
  assert.throws(() => graph.constant(Float32Array.of(1, 2), [3]), /2 elements for a constant of shape \[3\]/);
});
