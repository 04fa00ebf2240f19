// The ONNX encoding of attributes and element types, judged by ONNX Runtime itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Graph } from '../../../worker/graph/graph.ts';
import type { TensorView } from '../../../worker/runtime/device.ts';
import { runInto } from './run-into.ts';

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
  runInto(graph, { x: { data: Float32Array.of(-1, -2, -4, 0, 0, 0), shape: [2, 3] } }, outputs);
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
  runInto(
    graph,
    { ids: { data: BigInt64Array.of(-5n, 5n), shape: [2] } },
    { sum: { data: result, shape: [2] }, isLess: { data: flags, shape: [2] } },
  );
  assert.deepEqual([...result], [big - 5n, big + 5n]);
  assert.deepEqual([...flags], [1, 0]);
});
