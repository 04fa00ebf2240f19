// The graph builder and its ONNX encoding, judged by ONNX Runtime itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Graph } from '../../../worker/graph/graph.ts';
import { createCpuDevice } from '../../../worker/runtime/cpu-device.ts';
import type { SessionOptions, TensorView } from '../../../worker/runtime/device.ts';

function run(
  graph: Graph,
  inputs: Record<string, TensorView>,
  outputs: Record<string, TensorView>,
  options: SessionOptions = { threads: 1, prepacking: false },
): void {
  const session = createCpuDevice().createSession(graph.encode(), options);
  try {
    session.bind(inputs, outputs).run();
  } finally {
    session.dispose();
  }
}

const vector = (...values: number[]): TensorView => ({ data: Float32Array.from(values), shape: [values.length] });

test('a graph computes what its operators say', () => {
  const graph = new Graph();
  const x = graph.input('x', [3]);
  const [sum] = graph.op('Add', [x, graph.scalar(2)], [{ shape: [3] }]);
  const [product] = graph.op('Mul', [sum!, x], [{ shape: [3] }]);
  graph.output(product!, 'y');
  const y = vector(0, 0, 0);
  run(graph, { x: vector(1, -4, 3) }, { y });
  assert.deepEqual([...y.data], [3, 8, 15]);
});

test('symbolic dimensions take their size from the buffers', () => {
  const graph = new Graph();
  const x = graph.input('x', ['n', 2]);
  const [y] = graph.op('Neg', [x], [{ shape: ['n', 2] }]);
  graph.output(y!, 'y');
  for (const n of [1, 5]) {
    const result: TensorView = { data: new Float32Array(2 * n), shape: [n, 2] };
    run(graph, { x: { data: new Float32Array(2 * n).fill(3), shape: [n, 2] } }, { y: result });
    assert.deepEqual([...result.data], new Array(2 * n).fill(-3));
  }
});

test('attributes of every kind reach ONNX Runtime: int, negative int, ints, string, float, tensor', () => {
  const graph = new Graph();
  const x = graph.input('x', [2, 3]);
  const [transposed] = graph.op('Transpose', [x], [{ shape: [3, 2] }], { attributes: { perm: [1, 0] } });
  const [softmax] = graph.op('Softmax', [x], [{ shape: [2, 3] }], { attributes: { axis: -1 } });
  const [leaky] = graph.op('LeakyRelu', [x], [{ shape: [2, 3] }], { attributes: { alpha: { float: 0.25 } } });
  const value = { dtype: 'float32', shape: [1], data: Float32Array.of(7) } as const;
  const attributes = { value: { tensor: value } };
  const [sevens] = graph.op('ConstantOfShape', [graph.int64([2])], [{ shape: [2] }], { attributes });
  const update = graph.constant(Float32Array.of(10), [1, 1]);
  const [scattered] = graph.op('ScatterElements', [x, graph.int64([2], [1, 1]), update], [{ shape: [2, 3] }], {
    attributes: { axis: 1, reduction: 'add' },
  });
  const outputs: Record<string, TensorView> = {};
  for (const [name, made] of Object.entries({ transposed, softmax, leaky, sevens, scattered })) {
    graph.output(made!, name);
    const shape = made!.shape as number[];
    outputs[name] = { data: new Float32Array(shape.reduce((a, b) => a * b, 1)), shape };
  }
  run(graph, { x: { data: Float32Array.of(-1, -2, -4, 0, 0, 0), shape: [2, 3] } }, outputs);
  const numbers = (name: string) => Array.from(outputs[name]!.data, Number);
  assert.deepEqual(numbers('transposed'), [-1, 0, -2, 0, -4, 0]);
  assert.deepEqual(numbers('leaky').slice(0, 3), [-0.25, -0.5, -1]);
  assert.deepEqual(numbers('sevens'), [7, 7]);
  assert.deepEqual(numbers('scattered'), [-1, -2, 6, 0, 0, 0]);
  assert.deepEqual(numbers('softmax').slice(3), new Array(3).fill(Math.fround(1 / 3)));
});

test('integer and boolean tensors keep their type', () => {
  const graph = new Graph();
  const ids = graph.input('ids', [2], 'int64');
  const big = 2n ** 40n + 1n;
  const [sum] = graph.op('Add', [ids, graph.constant(BigInt64Array.of(big), [])], [{ shape: [2], dtype: 'int64' }]);
  const [isLess] = graph.op('Less', [ids, graph.int64([0], [])], [{ shape: [2], dtype: 'bool' }]);
  graph.output(sum!, 'sum');
  graph.output(isLess!, 'isLess');
  const result = new BigInt64Array(2);
  const flags = new Uint8Array(2);
  run(
    graph,
    { ids: { data: BigInt64Array.of(-5n, 5n), shape: [2] } },
    { sum: { data: result, shape: [2] }, isLess: { data: flags, shape: [2] } },
  );
  assert.deepEqual([...result], [big - 5n, big + 5n]);
  assert.deepEqual([...flags], [1, 0]);
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
  run(graph, { x: vector(4) }, outputs);
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
    run(
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
