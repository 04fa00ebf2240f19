// Gradients of elementwise operators by finite differences, with and without broadcasting.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gradients } from '../../../../worker/graph/autodiff.ts';
import { Graph } from '../../../../worker/graph/graph.ts';
import * as ops from '../../../../worker/graph/ops/elementwise.ts';
import { compileGraph } from '../../../../worker/models/train-graph.ts';
import { checkGradients, random, runOnce } from '../support.ts';

const BINARY = { add: ops.add, subtract: ops.subtract, multiply: ops.multiply, divide: ops.divide };
const SHAPES: readonly (readonly [a: number[], b: number[]])[] = [
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], [3]],
  [[2, 1], [3]],
  [[], [2, 3]],
  [
    [2, 3, 4],
    [2, 1, 4],
  ],
];

for (const [name, op] of Object.entries(BINARY)) {
  for (const [aShape, bShape] of SHAPES) {
    test(`gradient of ${name} [${aShape}] with [${bShape}]`, () => {
      const bLength = bShape.reduce((x, y) => x * y, 1);
      checkGradients({
        inputs: { a: { shape: aShape }, b: { shape: bShape, data: random(bLength, 7, 1, 2) } },
        build: (graph, { a, b }) => op(graph, a!, b!),
      });
    });
  }
}

const UNARY = {
  negate: ops.negate,
  exp: ops.exp,
  log: ops.log,
  sqrt: ops.sqrt,
  square: ops.square,
  sigmoid: ops.sigmoid,
  logSigmoid: ops.logSigmoid,
};

for (const [name, op] of Object.entries(UNARY)) {
  test(`gradient of ${name}`, () => {
    checkGradients({
      inputs: { x: { shape: [3, 4], data: random(12, 3, 0.5, 2) } },
      build: (graph, { x }) => op(graph, x!),
    });
  });
}

test('gradients of minimum, maximum, where and clamp go to the operand that was taken', () => {
  const a = Float32Array.of(0.2, 0.9, -0.5, 0.4, 1.6, -1.7);
  const b = Float32Array.of(0.7, 0.1, 0.3, -0.8, 0.5, -0.4);
  const inputs = { a: { shape: [2, 3], data: a }, b: { shape: [2, 3], data: b } };
  checkGradients({ inputs, build: (graph, { a, b }) => ops.minimum(graph, a!, b!) });
  checkGradients({ inputs, build: (graph, { a, b }) => ops.maximum(graph, a!, b!) });
  checkGradients({ inputs, build: (graph, { a, b }) => ops.add(graph, ops.clamp(graph, a!, -0.7, 0.7), b!) });
  checkGradients({
    inputs,
    build: (graph, { a, b }) => ops.where(graph, ops.compare(graph, 'Less', a!, graph.scalar(0)), a!, b!),
  });
});

test('logSigmoid neither overflows nor loses small numbers', () => {
  const graph = new Graph();
  const x = graph.input('x', [3]);
  graph.output(ops.logSigmoid(graph, x), 'y');
  const { y } = runOnce(compileGraph(graph), { x: Float32Array.of(-200, 0, 30) });
  assert.equal(y![0], -200);
  assert.equal(y![1], Math.fround(-Math.LN2));
  assert.ok(Math.abs(y![2]! / -Math.exp(-30) - 1) < 1e-5);
});

test('no gradient flows through stopGradient', () => {
  const graph = new Graph();
  const x = graph.input('x', []);
  const loss = ops.multiply(graph, x, ops.stopGradient(graph, x));
  graph.output(gradients(graph, loss, [x])[0]!, 'gradient');
  assert.equal(runOnce(compileGraph(graph), { x: Float32Array.of(3) }).gradient![0], 3);
});
