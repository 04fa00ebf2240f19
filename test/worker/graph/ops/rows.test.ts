// Selecting and looking up rows, small and at a size where kernels split their work over threads: exact, because no
// arithmetic is involved.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gradients } from '../../../../worker/graph/autodiff.ts';
import { Graph } from '../../../../worker/graph/graph.ts';
import { multiply } from '../../../../worker/graph/ops/elementwise.ts';
import { sum } from '../../../../worker/graph/ops/reduce.ts';
import { lookUpRows, selectRows } from '../../../../worker/graph/ops/rows.ts';
import { compileGraph } from '../../../../worker/models/train-graph.ts';
import { checkGradients, random, randomIds, runOnce } from '../support.ts';

test('gradient of selectRows', () => {
  checkGradients({
    inputs: { x: { shape: [5, 3] } },
    build: (graph, { x }) =>
      selectRows(graph, x!, { selected: graph.int64([4, 1, 2]), inverse: graph.int64([3, 1, 2, 3, 0]) }),
  });
});

test('padding of a selection repeats a row and is left out by the inverse', () => {
  const graph = new Graph();
  const x = graph.input('x', [3, 1]);
  const rows = selectRows(graph, x, { selected: graph.int64([2, 0, 0]), inverse: graph.int64([1, 3, 0]) });
  const loss = sum(graph, multiply(graph, rows, graph.constant(Float32Array.of(10, 20, 40), [3, 1])));
  graph.output(gradients(graph, loss, [x])[0]!, 'gradient');
  const { gradient } = runOnce(compileGraph(graph), { x: Float32Array.of(1, 2, 3) });
  assert.deepEqual([...gradient!], [20, 0, 10]);
});

test('rows and gradients of 2048 tokens x 512 with repeated ids are exact on 2 threads, many times', () => {
  const [n, d, v, m] = [2048, 512, 64, 1500];
  const graph = new Graph();
  const embedded = lookUpRows(graph, graph.input('table', [v, d]), graph.input('ids', [n], 'int64'));
  const selection = { selected: graph.input('selected', [m], 'int64'), inverse: graph.input('inverse', [n], 'int64') };
  const chosen = selectRows(graph, embedded, selection);
  const weights = random(m * d, 3);
  const loss = sum(graph, multiply(graph, chosen, graph.constant(weights, [m, d])));
  graph.output(gradients(graph, loss, [embedded])[0]!, 'gradient');
  graph.output(chosen, 'chosen');
  const table = random(v * d, 1);
  const ids = randomIds(n, 2, v);
  // 1500 of the 2048 rows in a scattered order: 5 has no divisor in common with 2048.
  const selected = BigInt64Array.from({ length: m }, (_, i) => BigInt((i * 5) % n));
  const inverse = new BigInt64Array(n).fill(BigInt(m));
  selected.forEach((row, place) => {
    inverse[Number(row)] = BigInt(place);
  });
  const compiled = compileGraph(graph);
  for (let repeat = 0; repeat < 5; repeat++) {
    const { chosen: rows, gradient } = runOnce(compiled, { table, ids, selected, inverse }, 2);
    const expectedGradient = new Float32Array(n * d);
    selected.forEach((row, place) => {
      const id = Number(ids[Number(row)]!);
      assert.deepEqual(rows!.subarray(place * d, (place + 1) * d), table.subarray(id * d, (id + 1) * d));
      expectedGradient.set(weights.subarray(place * d, (place + 1) * d), Number(row) * d);
    });
    assert.deepEqual(gradient, expectedGradient);
  }
});
