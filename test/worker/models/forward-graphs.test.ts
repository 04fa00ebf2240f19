// Scoring graphs: logprobs and entropy against the logits, one number per position from a scalar head.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildLogprobGraph, buildScalarGraph } from '../../../worker/models/forward-graphs.ts';
import { assertClose, randomIds, runOnce } from '../graph/support.ts';
import { batchInputs, logitsOf, randomModel, tinyConfig } from './support.ts';

const ROWS = [
  [1, 4, 9, 3, 2],
  [1, 10, 10, 7, 5],
  [6, 2, 8, 8, 1],
];

test('logprobs and entropy follow from the logits', () => {
  const model = randomModel(tinyConfig, 'language-model');
  const targets = randomIds(15, 3, tinyConfig.vocabSize);
  const shape = { rows: 3, length: 5, positions: 15 };
  const inputs = { ...model.parameters, ...batchInputs(ROWS), targets };
  const { logprobs, entropy } = runOnce(buildLogprobGraph(model, shape), inputs);
  const logits = logitsOf(model, ROWS);
  for (let m = 0; m < 15; m++) {
    const row = logits.subarray(m * tinyConfig.vocabSize, (m + 1) * tinyConfig.vocabSize);
    const total = Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0));
    assertClose([logprobs![m]!], [row[Number(targets[m])]! - total], 1e-5, `logprob ${m}`);
    const expected = row.reduce((sum, x) => sum - Math.exp(x - total) * (x - total), 0);
    assertClose([entropy![m]!], [expected], 1e-5, `entropy ${m}`);
  }
});

test('logprobs are at the temperature that is asked for, the entropy at 1', () => {
  const model = randomModel(tinyConfig, 'language-model');
  const targets = randomIds(15, 3, tinyConfig.vocabSize);
  const shape = { rows: 3, length: 5, positions: 15 };
  const inputs = { ...model.parameters, ...batchInputs(ROWS), targets };
  const plain = runOnce(buildLogprobGraph(model, shape), inputs);
  const { logprobs, entropy } = runOnce(buildLogprobGraph(model, shape, 0.5), inputs);
  const logits = logitsOf(model, ROWS);
  for (let m = 0; m < 15; m++) {
    const row = logits.subarray(m * tinyConfig.vocabSize, (m + 1) * tinyConfig.vocabSize).map((logit) => logit / 0.5);
    const total = Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0));
    assertClose([logprobs![m]!], [row[Number(targets[m])]! - total], 1e-5, `logprob ${m}`);
  }
  assertClose(entropy!, Array.from(plain.entropy!), 1e-6, 'entropy');
});

test('a scalar head gives one number per position', () => {
  const model = randomModel(tinyConfig, 'score');
  const inputs = { ...model.parameters, ...batchInputs(ROWS, [0, 14]) };
  const { values } = runOnce(buildScalarGraph(model, { rows: 3, length: 5, positions: 2 }), inputs);
  assert.equal(values!.length, 2);
  assert.notEqual(values![0], values![1]);
});
