// Scores of sequences: they don't depend on what else is in the batch, and mean what the protocol says.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { layoutParameters } from '../../../worker/models/layout.ts';
import { createCpuDevice } from '../../../worker/runtime/cpu-device.ts';
import { ForwardModel, type ScoreKind } from '../../../worker/scoring/forward-model.ts';
import type { Sequence } from '../../../worker/scoring/sequence.ts';
import { randomParameters, tinyConfig } from '../training/support/tiny-model.ts';

const device = createCpuDevice();
const models: ForwardModel[] = [];
after(() => {
  for (const model of models) model.dispose();
});

const config = tinyConfig({ scoreMean: 0.5, scoreStd: 2 });
const sequences: Sequence[] = [
  [[3, 1, 4, 1, 5, 9, 2], 3],
  [[2, 7, 1], 1],
  [[8, 2, 8, 1, 8, 2, 8, 4, 5, 9, 0, 4], 5],
  [[6, 6], 1],
  [[6, 6, 6, 6], 4],
].map(([tokenIds, promptLength]) => ({
  tokenIds: Int32Array.from(tokenIds as number[]),
  promptLength: promptLength as number,
}));

function forward(kind: ScoreKind, overrides = config): ForwardModel {
  const layout = layoutParameters(overrides, kind === 'LOGPROBS' ? 'language-model' : 'score');
  const parameters = randomParameters(layout, 3);
  const model = new ForwardModel({
    device,
    threads: 1,
    model: { config: overrides, layout },
    parameters,
    kind,
    temperature: 1,
  });
  models.push(model);
  return model;
}

function assertRowsClose(actual: readonly Float32Array[], expected: readonly Float32Array[]): void {
  assert.deepEqual(
    actual.map((row) => row.length),
    expected.map((row) => row.length),
  );
  // float32 matrix products of other shapes; measured 2e-7.
  actual.forEach((row, i) => {
    row.forEach((value, t) => {
      assert.ok(Math.abs(value - expected[i]![t]!) < 2e-6, `row ${i}, ${t}: ${value} and ${expected[i]![t]}`);
    });
  });
}

for (const kind of ['LOGPROBS', 'VALUES', 'REWARDS'] as const) {
  test(`${kind}: a batch of five equals five batches of one, and itself bit by bit`, () => {
    const model = forward(kind);
    const together = model.score(sequences);
    assertRowsClose(
      sequences.flatMap((sequence) => model.score([sequence])),
      together,
    );
    assert.deepEqual(model.score(sequences), together);
    assert.deepEqual(model.score([]), []);
  });
}

test('every row has a number per response token; rewards have one', () => {
  const lengths = (kind: ScoreKind) =>
    forward(kind)
      .score(sequences)
      .map((row) => row.length);
  assert.deepEqual(lengths('LOGPROBS'), [4, 2, 7, 1, 0]);
  assert.deepEqual(lengths('VALUES'), [4, 2, 7, 1, 0]);
  assert.deepEqual(lengths('REWARDS'), [1, 1, 1, 1, 1]);
});

test('logprobs of all continuations of a prompt are a distribution', () => {
  const model = forward('LOGPROBS');
  const continuations = Array.from({ length: config.vocabSize }, (_, id) => ({
    tokenIds: Int32Array.of(4, 2, id),
    promptLength: 2,
  }));
  const total = model.score(continuations).reduce((sum, row) => sum + Math.exp(row[0]!), 0);
  assert.ok(Math.abs(total - 1) < 1e-5, `sum ${total}`);
});

test('a value is the score of the sequence up to the token before, normalised as the config says', () => {
  const [sequence] = sequences;
  const values = forward('VALUES').score([sequence!])[0]!;
  const rewards = forward('REWARDS');
  const prefixes = Array.from(values, (_, t) => ({
    tokenIds: sequence!.tokenIds.slice(0, sequence!.promptLength + t),
    promptLength: sequence!.promptLength,
  }));
  assertRowsClose([values], [Float32Array.from(rewards.score(prefixes), ([score]) => score!)]);
  const raw = forward('VALUES', tinyConfig()).score([sequence!])[0]!;
  assertRowsClose([values], [raw.map((x) => (x - 0.5) / 2)]);
});
