// Rotary embedding: the half-split rotation by hand, and that turning back undoes it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Graph } from '../../../worker/graph/graph.ts';
import { rotaryTables, rotate } from '../../../worker/graph/rotary.ts';
import { compileGraph } from '../../../worker/models/train-graph.ts';
import { assertClose, random, runOnce } from './support.ts';

const [rows, heads, length, headDim, theta] = [2, 3, 5, 4, 100];

test('element i turns with element i + hd/2 by position / theta^(2i/hd); turning back undoes it', () => {
  const graph = new Graph();
  const x = graph.input('x', [rows, heads, length, headDim]);
  const tables = rotaryTables(graph, length, headDim, theta);
  const turned = rotate(graph, x, tables);
  graph.output(turned, 'turned');
  graph.output(rotate(graph, turned, tables, true), 'back');
  const data = random(rows * heads * length * headDim, 1);
  const found = runOnce(compileGraph(graph), { x: data });
  const half = headDim / 2;
  const expected = Array.from(data, (value, index) => {
    const element = index % headDim;
    const angle = (Math.floor(index / headDim) % length) / theta ** ((2 * (element % half)) / headDim);
    const isFirst = element < half;
    const partner = data[isFirst ? index + half : index - half]!;
    return value * Math.cos(angle) + (isFirst ? -partner : partner) * Math.sin(angle);
  });
  assertClose(found.turned!, expected, 1e-6, 'turned');
  assertClose(found.back!, data, 1e-6, 'turned back');
  assert.notDeepEqual(found.turned, found.back);
});
