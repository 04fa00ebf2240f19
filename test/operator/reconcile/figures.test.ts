// Curves as the operator remembers them: what it missed is asked for, what went back is forgotten, memory is bounded.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FigureStore } from '../../../operator/reconcile/figures.ts';
import type { Progress } from '../../../worker/api/generated/ppo/v1/Progress.ts';
import type { FigureSeries } from '../../../worker/coordinator/figure-history.ts';

const CLOCK = { nowMs: () => 5000, monotonicMs: () => 0, after: () => () => {} };

function progressAt(iteration: number, phase = 'Generating'): Progress {
  return { phase, iteration, metrics: { score: iteration / 4 } } as unknown as Progress;
}

function series(...iterations: number[]): FigureSeries[] {
  return [{ name: 'score', iterations, values: iterations.map((iteration) => iteration / 4) }];
}

function recorded(...iterations: number[]): FigureStore {
  const store = new FigureStore({ clock: CLOCK });
  for (const iteration of iterations) store.record('a/b', 'u', progressAt(iteration));
  return store;
}

describe('FigureStore', () => {
  it('remembers each iteration once, and when the coordinator was heard', () => {
    const store = recorded(0, 0, 1, 1, 2, 3);
    assert.deepEqual(store.read('a/b', 'u'), { revision: 3, heardAtMs: 5000, series: series(1, 2, 3) });
    assert.equal(store.read('a/b', 'a later job of this name'), null);
    assert.equal(store.read('a/c', 'u'), null);
  });

  it('asks for what it missed, again until it has it', () => {
    const store = recorded(1, 2);
    assert.equal(store.record('a/b', 'u', progressAt(5)), 2);
    assert.equal(store.record('a/b', 'u', progressAt(6)), 2);
    store.fill('a/b', 'another', series(3, 4));
    store.fill('a/b', 'u', series(3, 4, 5, 6, 7));
    assert.equal(store.record('a/b', 'u', progressAt(7)), null);
    assert.deepEqual(store.read('a/b', 'u')?.series, series(1, 2, 3, 4, 5, 6, 7));
  });

  it('asks from the start when it comes late', () => {
    const store = new FigureStore({ clock: CLOCK });
    assert.equal(store.record('a/b', 'u', progressAt(40)), 0);
  });

  it('goes back with the job, though not before the job has said where it stands', () => {
    const store = recorded(1, 2, 3, 4);
    for (const phase of ['WaitingForWorkers', 'Starting']) {
      assert.equal(store.record('a/b', 'u', progressAt(0, phase)), null);
    }
    assert.deepEqual(store.read('a/b', 'u')?.series, series(1, 2, 3, 4));
    // The figures that it still tells of are those of iteration 4.
    assert.equal(store.record('a/b', 'u', { ...progressAt(4), iteration: 2 } as Progress), null);
    assert.deepEqual(store.read('a/b', 'u')?.series, series(1, 2));
    store.record('a/b', 'u', progressAt(3));
    assert.deepEqual(store.read('a/b', 'u')?.series, series(1, 2, 3));
  });

  it('starts anew with a new job of the same name', () => {
    const store = recorded(1, 2);
    store.record('a/b', 'v', progressAt(1));
    assert.equal(store.read('a/b', 'u'), null);
    assert.deepEqual(store.read('a/b', 'v')?.series, series(1));
  });

  it('forgets the jobs that were heard least lately when there are too many', () => {
    const store = new FigureStore({ clock: CLOCK, maxPoints: 6 });
    for (const key of ['n/1', 'n/2', 'n/3']) {
      for (const iteration of [1, 2]) store.record(key, 'u', progressAt(iteration));
    }
    store.record('n/1', 'u', progressAt(2));
    store.record('n/3', 'u', progressAt(3));
    assert.equal(store.read('n/2', 'u'), null);
    assert.deepEqual(store.read('n/1', 'u')?.series, series(1, 2));
    store.forget('n/1');
    for (const iteration of [4, 5, 6]) store.record('n/3', 'u', progressAt(iteration));
    assert.deepEqual(store.read('n/3', 'u')?.series, series(1, 2, 3, 4, 5, 6));
  });
});
