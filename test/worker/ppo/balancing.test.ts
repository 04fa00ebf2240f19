/** The plan of train steps: everything is trained, ranks keep step, and the number of ranks changes no minibatch. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { totalsOf } from '../../../worker/ppo/aggregate.ts';
import { planTrainSteps, type RankPlan, splitEvenly, type TrainPlanOptions } from '../../../worker/ppo/balancing.ts';
import { computePolicyLoss, type PolicyLossOptions } from '../../../worker/ppo/losses.ts';
import { Rng } from '../../../worker/ppo/rng.ts';
import { batchOfLengths, packRows, type TokenBatch } from '../../../worker/ppo/token-batch.ts';
import { assertClose } from './golden.ts';

const lengthsRng = new Rng(1);
const lengths = Array.from({ length: 50 }, () => 1 + lengthsRng.nextInt(20));
const plan = (options: Partial<TrainPlanOptions> = {}) =>
  planTrainSteps({
    responseLengths: lengths,
    numRanks: 1,
    minibatchSize: 16,
    microbatchSize: 4,
    numPpoEpochs: 2,
    rng: new Rng(3),
    ...options,
  });
/** The rollout's experiences that a step trains on a rank. */
const trainedIn = (rank: RankPlan, step: number) =>
  rank.steps[step]!.microbatches.flatMap((m) => m.experienceIndices.map((i) => rank.experienceIndices[i]!));
const minibatchesOf = (ranks: RankPlan[]) =>
  ranks[0]!.steps.map((_, step) => ranks.flatMap((rank) => trainedIn(rank, step)).sort((a, b) => a - b));

for (const numRanks of [1, 2, 3, 7]) {
  test(`${numRanks} ranks: every epoch trains every experience once`, () => {
    const minibatches = minibatchesOf(plan({ numRanks }));
    assert.equal(minibatches.length, 8);
    for (const epoch of [minibatches.slice(0, 4), minibatches.slice(4)]) {
      assert.deepEqual(
        epoch.flat().sort((a, b) => a - b),
        lengths.map((_, i) => i),
      );
    }
  });

  test(`${numRanks} ranks: the same minibatches and token counts as on one`, () => {
    assert.deepEqual(minibatchesOf(plan({ numRanks })), minibatchesOf(plan()));
    const tokens = (ranks: RankPlan[]) => ranks.map((rank) => rank.steps.map((step) => step.numTokens));
    for (const ofRank of tokens(plan({ numRanks }))) assert.deepEqual(ofRank, tokens(plan())[0]);
  });

  test(`${numRanks} ranks: the same number of microbatches everywhere, none too large`, () => {
    const ranks = plan({ numRanks });
    ranks[0]!.steps.forEach((step, i) => {
      for (const rank of ranks) {
        const sizes = rank.steps[i]!.microbatches.map((m) => m.experienceIndices.length);
        assert.equal(sizes.length, step.microbatches.length);
        assert.ok(Math.max(...sizes) <= 4);
      }
    });
  });

  test(`${numRanks} ranks: counts differ by at most one, tokens by at most one response`, () => {
    const ranks = plan({ numRanks });
    for (let step = 0; step < 8; step++) {
      const counts = ranks.map((rank) => trainedIn(rank, step).length);
      assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, `${counts}`);
      if (new Set(counts).size > 1) continue; // one response more is up to one response's tokens more besides
      const tokens = ranks.map((rank) => trainedIn(rank, step).reduce((sum, i) => sum + lengths[i]!, 0));
      assert.ok(Math.max(...tokens) - Math.min(...tokens) <= Math.max(...lengths), `${tokens}`);
    }
  });
}

test('token counts are those of the step over all ranks', () => {
  const ranks = plan({ numRanks: 3 });
  minibatchesOf(ranks).forEach((minibatch, step) => {
    const expected = minibatch.reduce((sum, i) => sum + lengths[i]!, 0);
    for (const rank of ranks) assert.equal(rank.steps[step]!.numTokens, expected);
  });
});

test('a rollout that does not divide makes minibatches of near equal size', () => {
  const sizes = minibatchesOf(plan({ numPpoEpochs: 1 })).map((minibatch) => minibatch.length);
  assert.deepEqual(
    sizes.sort((a, b) => a - b),
    [12, 12, 13, 13],
  );
});

test('the same seed gives the same plan, another seed another', () => {
  assert.deepEqual(plan({ numRanks: 2 }), plan({ numRanks: 2 }));
  assert.notDeepEqual(plan(), plan({ rng: new Rng(4) }));
});

test('a rank buffers what it trains and nothing else', () => {
  for (const rank of plan({ numRanks: 4 })) {
    const used = new Set(rank.steps.flatMap((_, step) => trainedIn(rank, step)));
    assert.deepEqual(
      rank.experienceIndices,
      [...used].sort((a, b) => a - b),
    );
  }
});

test('more ranks than experiences leave some without, in step with the rest', () => {
  const ranks = plan({ responseLengths: [3, 4], numRanks: 4, numPpoEpochs: 1 });
  assert.deepEqual(
    ranks.map((rank) => rank.steps.map((step) => step.microbatches.map((m) => m.experienceIndices.length))),
    [[[1]], [[1]], [[0]], [[0]]],
  );
});

test('no experiences are no steps', () => {
  assert.deepEqual(plan({ responseLengths: [], numRanks: 2 }), [
    { experienceIndices: [], steps: [] },
    { experienceIndices: [], steps: [] },
  ]);
});

test('the sum of losses over microbatches is the same on 1 and on 2 ranks', () => {
  const rng = new Rng(8);
  const draw = () => lengths.map((length) => Array.from({ length }, () => rng.normal() * 0.3));
  const rows = { newLogprobs: draw(), oldLogprobs: draw(), advantages: draw() };
  const options: PolicyLossOptions = {
    kind: 'ppo',
    clipRangeLow: 0.2,
    clipRangeHigh: 0.2,
    dualClip: null,
    correction: null,
    aggregation: 'token',
  };
  const lossOf = (indices: readonly number[], numTokens?: number) => {
    const batch: TokenBatch = batchOfLengths(indices.map((i) => lengths[i]!));
    const pick = (matrix: number[][]) =>
      packRows(
        indices.map((i) => matrix[i]!),
        batch,
      );
    const inputs = {
      newLogprobs: pick(rows.newLogprobs),
      oldLogprobs: pick(rows.oldLogprobs),
      advantages: pick(rows.advantages),
    };
    const totals = numTokens === undefined ? totalsOf(batch) : { numTokens, numSamples: 0 };
    return computePolicyLoss(inputs, { ...options, totals }, batch).loss;
  };
  const wholeSteps = minibatchesOf(plan()).map((minibatch) => lossOf(minibatch));
  for (const numRanks of [1, 2]) {
    const ranks = plan({ numRanks });
    const sums = wholeSteps.map((_, step) =>
      ranks
        .flatMap((rank) =>
          rank.steps[step]!.microbatches.map((m) => {
            const indices = m.experienceIndices.map((i) => rank.experienceIndices[i]!);
            return lossOf(indices, rank.steps[step]!.numTokens);
          }),
        )
        .reduce((a, b) => a + b),
    );
    assertClose(sums, wholeSteps, 1e-12);
  }
});

test('parts cover everything in order and differ by at most one', () => {
  assert.deepEqual(splitEvenly([1, 2, 3, 4, 5], 3), [[1], [2, 3], [4, 5]]);
  assert.deepEqual(splitEvenly([1], 2), [[], [1]]);
  assert.deepEqual(splitEvenly([], 0), []);
});
