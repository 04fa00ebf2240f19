// Runs a graph into buffers of any type; the other helpers (support.ts) know float32 outputs alone.
import type { Graph } from '../../../worker/graph/graph.ts';
import { createCpuDevice } from '../../../worker/runtime/cpu-device.ts';
import type { SessionOptions, TensorView } from '../../../worker/runtime/device.ts';

export function runInto(
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
