// SwiGLU's nonlinear part as one unit with its own gradient.
// Source: Shazeer 2020, arXiv:2002.05202; as in transformers' LlamaMLP.
import { recordOne } from './autodiff.ts';
import type { Graph, Value } from './graph.ts';
import { plainConcat, plainSplit } from './ops/shape.ts';
import { staticShape } from './shapes.ts';

/** gateUp [N, 2F] holds gate, then up: gate * sigmoid(gate) * up, [N, F]. */
export function swiGlu(graph: Graph, gateUp: Value): Value {
  const [numRows, width] = staticShape(gateUp) as [number, number];
  const half = [numRows, width / 2];
  const multiply = (a: Value, b: Value) => graph.op('Mul', [a, b], [{ shape: half }])[0]!;
  return graph.unit('swiGlu', () => {
    const [gate, up] = plainSplit(graph, gateUp, 1, [width / 2, width / 2]) as [Value, Value];
    const sigmoid = graph.op('Sigmoid', [gate], [{ shape: half }])[0]!;
    const activated = multiply(gate, sigmoid);
    const vjp = (gradient: Value) => {
      // d/dx (x s) = s + x s (1 - s), with s = sigmoid(x)
      const complement = graph.op('Sub', [graph.scalar(1), sigmoid], [{ shape: half }])[0]!;
      const slope = graph.op('Add', [sigmoid, multiply(activated, complement)], [{ shape: half }])[0]!;
      const forGate = multiply(multiply(gradient, up), slope);
      const forUp = multiply(gradient, activated);
      return [plainConcat(graph, [forGate, forUp], 1, [numRows, width])];
    };
    return recordOne(graph, { name: 'swiGlu', inputs: [gateUp], output: multiply(activated, up), vjp });
  });
}
