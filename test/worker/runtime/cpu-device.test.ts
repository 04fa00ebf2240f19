// The CPU device: results arrive in the caller's buffers, in place where wanted; what doesn't fit never reaches native
// code; what was disposed says so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Graph } from '../../../worker/graph/graph.ts';
import { createCpuDevice } from '../../../worker/runtime/cpu-device.ts';
import type { Session, SessionOptions, TensorView } from '../../../worker/runtime/device.ts';
import { DisposedError, RuntimeError } from '../../../worker/runtime/runtime-error.ts';

const device = createCpuDevice();
const OPTIONS: SessionOptions = { threads: 1, prepacking: false };

function floats(
  shape: readonly number[],
  fill: (index: number) => number = () => 0,
): TensorView & { data: Float32Array } {
  const length = shape.reduce((product, dim) => product * dim, 1);
  return { data: new Float32Array(length).map((_, i) => fill(i)), shape };
}

/** y [n, 3] = -x. */
function negation(): Session {
  const graph = new Graph();
  const x = graph.input('x', ['n', 3]);
  graph.output(graph.op('Neg', [x], [{ shape: ['n', 3] }])[0]!, 'y');
  return device.createSession(graph.encode(), OPTIONS);
}

function refuses(code: string, message: RegExp | string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof RuntimeError, String(error));
    assert.equal(error.code, code);
    if (typeof message === 'string') assert.equal(error.message, message);
    else assert.match(error.message, message);
    return true;
  };
}

test('a run writes its outputs into the bound buffers, again and again', () => {
  const session = negation();
  const x = floats([2, 3], (i) => i);
  const y = floats([2, 3]);
  const run = session.bind({ x }, { y });
  run.run();
  assert.deepEqual([...y.data], [-0, -1, -2, -3, -4, -5]);
  x.data.fill(7);
  run.run();
  assert.deepEqual([...y.data], new Array(6).fill(-7));
  session.dispose();
});

test('one buffer may be input and output, also as a view into a larger one', () => {
  const session = negation();
  const flat = new Float32Array(16).fill(1);
  const view = { data: flat.subarray(4, 10), shape: [2, 3] };
  session.bind({ x: view }, { y: view }).run();
  assert.deepEqual([...flat], [1, 1, 1, 1, -1, -1, -1, -1, -1, -1, 1, 1, 1, 1, 1, 1]);
  session.dispose();
});

test('every dtype crosses both ways, scalars and empty tensors too', () => {
  const graph = new Graph();
  const shapes = { float32: [], int64: [2], int32: [3], bool: [2], none: [0] } as const;
  const outputs: Record<string, readonly number[]> = shapes;
  for (const [name, shape] of Object.entries(outputs)) {
    const dtype = name === 'none' ? 'float32' : (name as 'float32' | 'int64' | 'int32' | 'bool');
    const value = graph.input(name, shape, dtype);
    graph.output(graph.op('Identity', [value], [{ shape, dtype }])[0]!, `${name}Out`);
  }
  const session = device.createSession(graph.encode(), OPTIONS);
  const inputs = {
    float32: { data: Float32Array.of(1.5), shape: [] },
    int64: { data: BigInt64Array.of(-(2n ** 60n), 5n), shape: [2] },
    int32: { data: Int32Array.of(-1, 2, 3), shape: [3] },
    bool: { data: Uint8Array.of(1, 0), shape: [2] },
    none: { data: new Float32Array(0), shape: [0] },
  };
  const results = {
    float32Out: { data: new Float32Array(1), shape: [] },
    int64Out: { data: new BigInt64Array(2), shape: [2] },
    int32Out: { data: new Int32Array(3), shape: [3] },
    boolOut: { data: new Uint8Array(2), shape: [2] },
    noneOut: { data: new Float32Array(0), shape: [0] },
  };
  session.bind(inputs, results).run();
  assert.deepEqual(results.float32Out.data, inputs.float32.data);
  assert.deepEqual(results.int64Out.data, inputs.int64.data);
  assert.deepEqual(results.int32Out.data, inputs.int32.data);
  assert.deepEqual(results.boolOut.data, inputs.bool.data);
  session.dispose();
});

test('buffers that do not fit are refused before native code, all at once', () => {
  const session = negation();
  const y = floats([2, 3]);
  assert.throws(
    () =>
      session.bind(
        { x: { data: new Float32Array(5), shape: [2, 3] }, z: y },
        { y: { data: new BigInt64Array(6), shape: [2, 3] } },
      ),
    refuses(
      'INVALID_BINDING',
      [
        'input "x": found 5 elements, expected 6 for shape [2,3]',
        'input "z": found float32 [2,3], the model has only x',
        'output "y": found int64 [2,3], expected float32 [?,3]',
      ].join('\n'),
    ),
  );
  assert.throws(
    () => session.bind({ x: y }, {}),
    refuses('INVALID_BINDING', /output "y": found nothing, expected float32/),
  );
  assert.throws(() => session.bind({ x: floats([2, 4]) }, { y }), refuses('INVALID_BINDING', /found float32 \[2,4\]/));
  assert.throws(() => session.bind({ x: floats([6]) }, { y }), refuses('INVALID_BINDING', /found float32 \[6\]/));
  session.dispose();
});

test("a shape that only the run can refute fails the run with the library's words", () => {
  const session = negation();
  const run = session.bind({ x: floats([2, 3]) }, { y: floats([4, 3]) });
  assert.throws(() => run.run(), refuses('RUN_FAILED', /shape/));
  session.dispose();
});

test('bytes that are no model are refused', () => {
  assert.throws(
    () => device.createSession(Uint8Array.of(1, 2, 3), OPTIONS),
    refuses('INVALID_MODEL', /protobuf parsing failed/),
  );
});

test('use after dispose has an error of its own; dispose may be repeated', () => {
  const session = negation();
  const bindings = [{ x: floats([1, 3]) }, { y: floats([1, 3]) }] as const;
  const run = session.bind(...bindings);
  const other = session.bind(...bindings);
  run.dispose();
  run.dispose();
  assert.throws(() => run.run(), DisposedError);
  other.run();
  session.dispose();
  session.dispose();
  assert.throws(() => other.run(), DisposedError);
  assert.throws(() => session.bind(...bindings), DisposedError);
});

/** y [1, 4] = x weights^T, weights [4, 4] supplied by the session. */
function supplied(prepacking: boolean, weights: TensorView): Session {
  const graph = new Graph();
  const x = graph.input('x', [1, 4]);
  const w = graph.initializer('weights', [4, 4]);
  graph.output(graph.op('Gemm', [x, w], [{ shape: [1, 4] }], { attributes: { transB: 1 } })[0]!, 'y');
  return device.createSession(graph.encode(), { threads: 1, prepacking, initializers: { weights } });
}

for (const prepacking of [false, true]) {
  test(`initializers come from the caller's buffers (prepacking: ${prepacking})`, () => {
    const weights = floats([4, 4], (i) => i);
    const session = supplied(prepacking, weights);
    const y = floats([1, 4]);
    const run = session.bind({ x: floats([1, 4], () => 1) }, { y });
    run.run();
    assert.deepEqual([...y.data], [6, 22, 38, 54]);
    if (!prepacking) {
      weights.data.fill(1);
      run.run();
      assert.deepEqual([...y.data], [4, 4, 4, 4]);
    }
    session.dispose();
  });
}

test('initializers of a wrong length are refused', () => {
  assert.throws(
    () => supplied(false, { data: new Float32Array(15), shape: [4, 4] }),
    refuses('INVALID_BINDING', 'initializer "weights": found 15 elements, expected 16 for shape [4,4]'),
  );
});

test('threads do not change a matrix product by a bit', () => {
  const size = 192;
  const graph = new Graph();
  const a = graph.input('a', [size, size]);
  graph.output(graph.op('MatMul', [a, a], [{ shape: [size, size] }])[0]!, 'product');
  const input = floats([size, size], (i) => Math.sin(i));
  const products = [1, 2].map((threads) => {
    const session = device.createSession(graph.encode(), { threads, prepacking: false });
    const product = floats([size, size]);
    session.bind({ a: input }, { product }).run();
    session.dispose();
    return product.data;
  });
  assert.deepEqual(products[0], products[1]);
});

test('sessions that come and go give their memory back', () => {
  const graph = new Graph();
  const x = graph.input('x', [256, 1024]);
  graph.output(graph.op('Neg', [x], [{ shape: [256, 1024] }])[0]!, 'y');
  const model = graph.encode();
  const [input, output] = [floats([256, 1024]), floats([256, 1024])];
  const cycle = () => {
    const session = device.createSession(model, OPTIONS);
    session.bind({ x: input }, { y: output }).run();
    session.dispose();
  };
  for (let i = 0; i < 20; i++) cycle();
  const before = process.memoryUsage.rss();
  for (let i = 0; i < 300; i++) cycle();
  const grownBytes = process.memoryUsage.rss() - before;
  // 300 leaked sessions or tensors would be hundreds of MB.
  assert.ok(grownBytes < 50e6, `grew by ${grownBytes} bytes`);
});
