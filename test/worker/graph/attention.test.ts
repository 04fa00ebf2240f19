// Attention: its gradient by finite differences, and that it never looks ahead. Its values are held to transformers' in
// test/worker/models/heads.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attention } from '../../../worker/graph/attention.ts';
import { Graph } from '../../../worker/graph/graph.ts';
import { compileGraph } from '../../../worker/models/train-graph.ts';
import { checkGradients, random, runOnce } from './support.ts';

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
