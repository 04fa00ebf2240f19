// Gradients of the units (RMSNorm, SwiGLU, attention, logprob, entropy) by finite differences, and their values against
// formulas in float64.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attention } from '../../../worker/graph/attention.ts';
import { Graph } from '../../../worker/graph/graph.ts';
import { entropy, logProb } from '../../../worker/graph/log-prob.ts';
import { rmsNorm } from '../../../worker/graph/rms-norm.ts';
import { swiGlu } from '../../../worker/graph/swiglu.ts';
import { compileGraph } from '../../../worker/models/train-graph.ts';
import { assertClose, checkGradients, random, runOnce } from './support.ts';

test('gradient of rmsNorm', () => {
  checkGradients({
    inputs: { x: { shape: [4, 6] }, weight: { shape: [6], data: random(6, 8, 0.5, 1.5) } },
    build: (graph, { x, weight }) => rmsNorm(graph, x!, weight!, 1e-2),
  });
});

test('rmsNorm divides by the root mean square', () => {
  const graph = new Graph();
  const weight = graph.constant(Float32Array.of(1, 2), [2]);
  graph.output(rmsNorm(graph, graph.input('x', [1, 2]), weight, 1e-6), 'y');
  const { y } = runOnce(compileGraph(graph), { x: Float32Array.of(3, 4) });
  const root = Math.sqrt(12.5 + 1e-6);
  assertClose(y!, [3 / root, 8 / root], 1e-6, 'rmsNorm');
});

test('gradient of swiGlu', () => {
  checkGradients({ inputs: { x: { shape: [3, 8] } }, build: (graph, { x }) => swiGlu(graph, x!) });
});

test('gradient of attention, with grouped queries and without', () => {
  for (const numKvHeads of [1, 2, 4]) {
    checkGradients({
      inputs: { qkv: { shape: [2 * 3, (4 + 2 * numKvHeads) * 4] } },
      build: (graph, { qkv }) =>
        attention(graph, qkv!, { rows: 2, length: 3, numHeads: 4, numKvHeads, headDim: 4, ropeTheta: 100 }),
    });
  }
});

test('attention never looks ahead: a later token changes nothing earlier, bit for bit', () => {
  const graph = new Graph();
  const shape = { rows: 1, length: 5, numHeads: 2, numKvHeads: 1, headDim: 4, ropeTheta: 100 };
  graph.output(attention(graph, graph.input('qkv', [5, 16]), shape), 'y');
  const compiled = compileGraph(graph);
  const qkv = random(5 * 16, 1);
  const before = runOnce(compiled, { qkv }).y!;
  qkv.set(random(2 * 16, 9, -50, 50), 3 * 16);
  const after = runOnce(compiled, { qkv }).y!;
  assert.deepEqual(after.subarray(0, 3 * 8), before.subarray(0, 3 * 8));
  assert.notDeepEqual(after.subarray(3 * 8), before.subarray(3 * 8));
});

test('gradients of logProb and entropy', () => {
  const inputs = { logits: { shape: [4, 5] } };
  checkGradients({ inputs, build: (graph, { logits }) => logProb(graph, logits!, graph.int64([0, 4, 2, 2])) });
  checkGradients({ inputs, build: (graph, { logits }) => entropy(graph, logits!) });
});

test('logProb and entropy equal their formulas in float64, also for large logits', () => {
  const [m, v] = [6, 50];
  const logits = random(m * v, 5, -30, 30);
  const targets = BigInt64Array.of(0n, 49n, 7n, 7n, 25n, 3n);
  const graph = new Graph();
  const value = graph.input('logits', [m, v]);
  graph.output(logProb(graph, value, graph.input('targets', [m], 'int64')), 'logprobs');
  graph.output(entropy(graph, value), 'entropy');
  const result = runOnce(compileGraph(graph), { logits, targets });
  const expected = Array.from({ length: m }, (_, row) => {
    const scores = [...logits.subarray(row * v, (row + 1) * v)];
    const largest = Math.max(...scores);
    const total = largest + Math.log(scores.reduce((sum, x) => sum + Math.exp(x - largest), 0));
    const logprobs = scores.map((x) => x - total);
    return { target: logprobs[Number(targets[row])]!, entropy: -logprobs.reduce((sum, p) => sum + Math.exp(p) * p, 0) };
  });
  const column = (key: 'target' | 'entropy') => expected.map((row) => row[key]);
  assertClose(result.logprobs!, column('target'), 2e-5, 'logprobs');
  assertClose(result.entropy!, column('entropy'), 2e-5, 'entropy');
});
