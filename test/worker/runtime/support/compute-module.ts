// A compute thread's module for tests: answers, throws, computes long, emits, dies. Knows no test.
import { workerData } from 'node:worker_threads';
import { Graph } from '../../../../worker/graph/graph.ts';
import { emitEvent, serveCompute } from '../../../../worker/runtime/compute-thread.ts';
import { createCpuDevice } from '../../../../worker/runtime/cpu-device.ts';

class CodedError extends Error {
  override readonly name = 'CodedError';
  readonly code = 'E_TEST';
}

const api = {
  scale: (values: Float32Array): Float32Array => values.map((value) => value * (workerData as number)),
  later: async (value: string): Promise<string> => value,
  fail: (message: string): never => {
    throw new CodedError(message);
  },
  unclonable: (): (() => void) => () => {},
  /** Multiplies matrices in native code for at least so many milliseconds; returns how many. */
  multiplyFor: (milliseconds: number): number => {
    emitEvent('multiplying');
    const start = performance.now();
    const run = multiplication(256);
    while (performance.now() - start < milliseconds) run();
    return performance.now() - start;
  },
  /** Never answers, because the thread dies first. */
  crash: (): Promise<never> =>
    new Promise(() => {
      setImmediate(() => {
        throw new CodedError('out of cheese');
      });
    }),
  exit: (code: number): never => process.exit(code),
};

export type TestCompute = typeof api;

function multiplication(size: number): () => void {
  const graph = new Graph();
  const a = graph.input('a', [size, size]);
  graph.output(graph.op('MatMul', [a, a], [{ shape: [size, size] }])[0]!, 'product');
  const session = createCpuDevice().createSession(graph.encode(), { threads: 1, prepacking: false });
  const view = () => ({ data: new Float32Array(size * size), shape: [size, size] });
  const run = session.bind({ a: view() }, { product: view() });
  return () => run.run();
}

if (workerData === 'never serves') process.exit(7);
if (workerData === 'fails to load') throw new Error('no model here');
serveCompute(api);
