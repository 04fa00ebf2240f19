/** Curves of bounded size: nothing is lost while they are short, the shape and the newest point stay when they are long. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FigureHistory, type FigureSeries, MAX_POINTS } from '../../../worker/coordinator/figure-history.ts';

function filled(numIterations: number): FigureHistory {
  const history = new FigureHistory();
  for (let i = 1; i <= numIterations; i++) {
    history.add(i, { score: i / 8, ...(i % 5 === 0 ? { accuracy: i } : {}) });
  }
  return history;
}

function seriesOf(history: FigureHistory, name: string, after = 0): FigureSeries {
  return history.read(after).find((series) => series.name === name) ?? { name, iterations: [], values: [] };
}

describe('FigureHistory', () => {
  it('keeps every point of a short job, each figure in the iterations in which it was measured', () => {
    const history = filled(12);
    assert.equal(history.iteration, 12);
    assert.deepEqual(seriesOf(history, 'accuracy'), { name: 'accuracy', iterations: [5, 10], values: [5, 10] });
    assert.deepEqual(seriesOf(history, 'score', 10), { name: 'score', iterations: [11, 12], values: [1.375, 1.5] });
    assert.deepEqual(history.read(12), []);
  });

  it('stays within its bound, evenly spread, with the first and the newest point', () => {
    for (const numIterations of [MAX_POINTS, MAX_POINTS + 1, MAX_POINTS + 2, 5000, 100_003]) {
      const { iterations, values } = seriesOf(filled(numIterations), 'score');
      assert.ok(iterations.length <= MAX_POINTS + 1, `${iterations.length} points of ${numIterations}`);
      assert.ok(iterations.length >= Math.min(numIterations, MAX_POINTS / 2), `${iterations.length} points`);
      assert.equal(iterations[0], 1);
      assert.equal(iterations.at(-1), numIterations);
      const steps = iterations.slice(1, -1).map((iteration, i) => iteration - (iterations[i] as number));
      assert.equal(new Set(steps).size, 1, `unequal steps of ${numIterations}`);
      assert.deepEqual(
        values,
        iterations.map((iteration) => iteration / 8),
      );
    }
  });

  it('goes back with the job: an iteration that comes again replaces what came after it', () => {
    for (const numIterations of [20, 3000]) {
      const history = filled(numIterations);
      const back = Math.floor(numIterations / 2);
      history.add(back, { score: -1 });
      assert.equal(history.iteration, back);
      assert.equal(seriesOf(history, 'score').iterations.at(-1), back);
      assert.equal(seriesOf(history, 'score').values.at(-1), -1);
      assert.ok(seriesOf(history, 'accuracy').iterations.every((iteration) => iteration < back));
      for (let i = back + 1; i <= 2 * numIterations; i++) history.add(i, { score: 0 });
      assert.equal(seriesOf(history, 'score').iterations.at(-1), 2 * numIterations);
      assert.ok(history.numPoints <= 2 * (MAX_POINTS + 1));
    }
  });

  it('takes in what another one knows, which counts where both know a point', () => {
    const history = new FigureHistory();
    history.add(7, { score: 70, kl: 0.7 });
    history.merge([
      { name: 'score', iterations: [1, 2, 7, 8], values: [1, 2, 7, 8] },
      { name: 'accuracy', iterations: [5], values: [0.5] },
    ]);
    assert.deepEqual(seriesOf(history, 'score'), { name: 'score', iterations: [1, 2, 7], values: [1, 2, 7] });
    assert.deepEqual(seriesOf(history, 'accuracy'), { name: 'accuracy', iterations: [5], values: [0.5] });
    assert.deepEqual(seriesOf(history, 'kl'), { name: 'kl', iterations: [7], values: [0.7] });
  });

  it('takes nothing that is no figure', () => {
    const history = new FigureHistory();
    history.add(1, { score: Number.NaN, ['x'.repeat(129)]: 1 });
    history.merge([{ name: 'kl', iterations: [0, -1, 1.5, 2, 1], values: [1, 1, 1, 1] }]);
    assert.deepEqual(history.read(), []);
    history.add(2, Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`figure${i}`, i])));
    assert.ok(history.read().length <= 96);
  });
});
