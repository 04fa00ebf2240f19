// Logits, values and gradients equal transformers' on tiny random models. The reference values, and the weights' recipe,
// come from test/fixtures/transformers/make-reference.py.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Graph, type Value } from '../../../worker/graph/graph.ts';
import { negate, square } from '../../../worker/graph/ops/elementwise.ts';
import { mean } from '../../../worker/graph/ops/reduce.ts';
import { parseModelConfig } from '../../../worker/models/config.ts';
import { logitsHead, logprobHead, scalarHead } from '../../../worker/models/heads.ts';
import { layoutParameters, slotView } from '../../../worker/models/layout.ts';
import { finishTrainGraph } from '../../../worker/models/train-graph.ts';
import { buildTrunk, type Trunk } from '../../../worker/models/trunk.ts';
import { assertClose, runOnce } from '../graph/support.ts';
import { batchInputs, parameterInputs } from './support.ts';

interface ReferenceCase {
  readonly name: string;
  readonly seed: number;
  readonly config: Record<string, unknown>;
  readonly tensors: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly tokens: readonly (readonly number[])[];
  readonly logits?: readonly number[];
  readonly values?: readonly number[];
  readonly loss: number;
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

const path = new URL('../../fixtures/transformers/reference.json', import.meta.url);
const reference = JSON.parse(readFileSync(path, 'utf8')) as { scale: number; cases: readonly ReferenceCase[] };

/** The same numbers as fill() in make-reference.py. */
function drawWeights({ seed, tensors }: ReferenceCase): Map<string, Float32Array> {
  let x = seed;
  return new Map(
    tensors.map(({ name, shape }) => {
      const numElements = shape.reduce((a, b) => a * b, 1);
      const values = Float32Array.from({ length: numElements }, () => {
        x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
        return (x / 2 ** 32 - 0.5) * reference.scale + (name.includes('norm') ? 1 : 0);
      });
      return [name, values];
    }),
  );
}

function buildCase(graph: Graph, trunk: Trunk, expected: ReferenceCase): { output: Value; loss: Value } {
  if (expected.values !== undefined) {
    const values = scalarHead(graph, trunk);
    return { output: values, loss: mean(graph, square(graph, values)) };
  }
  const logits = logitsHead(graph, trunk);
  const targets = expected.tokens.flatMap((row) => row.map((_, t) => row[(t + 1) % row.length]!));
  const loss = negate(graph, mean(graph, logprobHead(graph, logits, graph.int64(targets))));
  return { output: logits, loss };
}

for (const expected of reference.cases) {
  test(`${expected.name}: outputs and gradients as in transformers`, () => {
    const config = parseModelConfig(expected.config, 'reference.json');
    const layout = layoutParameters(config, expected.values === undefined ? 'language-model' : 'score');
    const flat = new Float32Array(layout.numElements);
    const weights = drawWeights(expected);
    const tensors = layout.slots.flatMap((slot) => slot.tensors);
    assert.deepEqual(new Set(tensors.map((tensor) => tensor.name)), new Set(weights.keys()));
    for (const tensor of tensors) slotView(flat, tensor).set(weights.get(tensor.name)!);

    const graph = new Graph();
    const [rows, length] = [expected.tokens.length, expected.tokens[0]!.length];
    const trunk = buildTrunk(graph, { config, layout }, { rows, length, positions: rows * length });
    const { output, loss } = buildCase(graph, trunk, expected);
    graph.output(output, 'output');
    const compiled = finishTrainGraph(graph, loss, trunk, layout);
    const found = runOnce(compiled, { ...parameterInputs(flat, layout), ...batchInputs(expected.tokens) });

    // float32 against mostly float64: logits of order one, a few thousand roundings.
    assertClose(found.output!, expected.logits ?? expected.values!, 1e-5, 'output');
    assertClose(found.loss!, [expected.loss], 1e-5, 'loss');
    const gradients = collectGradients(found, expected.tokens.flat());
    for (const slot of layout.slots) {
      for (const tensor of slot.tensors) {
        const start = tensor.offset - slot.offset;
        const values = expected.gradients[tensor.name]!;
        const actual = gradients.get(slot.name)!.subarray(start, start + values.length);
        const largest = Math.max(...values.map(Math.abs));
        assertClose(actual, values, 1e-5 * Math.max(largest, 1), `gradient of ${tensor.name}`);
      }
    }

    function collectGradients(outputs: Record<string, Float32Array>, tokens: readonly number[]) {
      const bySlot = new Map(layout.slots.map((slot) => [slot.name, outputs[`gradient.${slot.name}`]]));
      const d = config.hiddenSize;
      const embedding = bySlot.get('embedding')?.slice() ?? new Float32Array(config.vocabSize * d);
      outputs.embeddedGradient!.forEach((value, i) => {
        embedding[tokens[Math.floor(i / d)]! * d + (i % d)]! += value;
      });
      return bySlot.set('embedding', embedding) as Map<string, Float32Array>;
    }
  });
}
