// Logprob and entropy: gradients by finite differences, values against formulas in float64.
import { test } from 'node:test';
import { Graph } from '../../../worker/graph/graph.ts';
import { entropy, logProb } from '../../../worker/graph/log-prob.ts';
import { compileGraph } from '../../../worker/models/train-graph.ts';
import { assertClose, checkGradients, random, runOnce } from './support.ts';

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
