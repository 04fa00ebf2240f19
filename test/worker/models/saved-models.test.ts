/**
 * The folders that this project saved, read by transformers, give the numbers that they give here: the values were made
 * by test/fixtures/transformers/make-shipped-models.py.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { loadModelFolder } from '../../../worker/models/folder.ts';
import { buildLogitsGraph, buildScalarGraph } from '../../../worker/models/forward-graphs.ts';
import { loadTokenizer } from '../../../worker/models/tokenizer.ts';
import { assertClose, runOnce } from '../graph/support.ts';
import { batchInputs, parameterInputs } from './support.ts';

interface ReferenceCase {
  readonly text: string;
  readonly tokenIds: number[];
  /** [T, V] */
  readonly logits: number[][];
  /** Raw score at the last token. */
  readonly score: number;
}

const MODELS = 'examples/arithmetic/models';
/** Logits reach 15; both sides compute in float32. */
const TOLERANCE = 2e-4;
const reference = JSON.parse(readFileSync('test/fixtures/transformers/shipped-models.json', 'utf8')) as {
  readonly cases: readonly ReferenceCase[];
};

describe('saved models as transformers reads them', () => {
  const actor = loadModelFolder(`${MODELS}/actor`, 'language-model');
  const reward = loadModelFolder(`${MODELS}/reward`, 'score');
  const tokenizer = loadTokenizer(`${MODELS}/actor`);

  for (const { text, tokenIds, logits, score } of reference.cases) {
    it(`"${text}" has the same tokens, logits and score`, () => {
      assert.deepEqual([...tokenizer.encode(text), actor.config.eosTokenIds[0]], tokenIds);
      const length = tokenIds.length;
      const shape = { rows: 1, length, positions: length };
      const actorInputs = { ...parameterInputs(actor.parameters, actor.layout), ...batchInputs([tokenIds]) };
      const ours = runOnce(buildLogitsGraph(actor, shape), actorInputs);
      assertClose(ours.logits!, logits.flat(), TOLERANCE, 'logits');

      const last = batchInputs([tokenIds], [length - 1]);
      const rewardInputs = { ...parameterInputs(reward.parameters, reward.layout), ...last };
      const { values } = runOnce(buildScalarGraph(reward, { ...shape, positions: 1 }), rewardInputs);
      assertClose(values!, [score], TOLERANCE, 'score');
    });
  }
});
