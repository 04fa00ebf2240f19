// Which pods a spec still asks for, and whether the workers have started.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countNeeded, isNeeded, isStarved, isWanted } from '../../../operator/reconcile/wanted-pods.ts';
import { jobOf, podOf } from './builders.ts';
import { RUNNING } from './fixtures.ts';

const job = jobOf({ roles: { generation: { replicas: 2 } } });
const colocated = jobOf({ placement: { mode: 'Colocated' }, roles: {} });

describe('isWanted', () => {
  it('is false beyond the replicas, for pods of another placement, and for nobody', () => {
    const index = (i: number) => ({ index: i });
    assert.deepEqual(
      [0, 1, 2].map((i) => isWanted(job, podOf('generation', RUNNING, index(i)))),
      [true, true, false],
    );
    const groups = ['actor', 'colocated', 'coordinator', 'somebody'];
    const wanted = (of: typeof job) => groups.filter((group) => isWanted(of, podOf(group, RUNNING)));
    assert.deepEqual(wanted(job), ['actor', 'coordinator']);
    assert.deepEqual(wanted(colocated), ['colocated', 'coordinator']);
  });
});

describe('isStarved', () => {
  const workers = ['actor', 'critic', 'generation', 'reference', 'reward'].map((role) => podOf(role, RUNNING));
  const all = [...workers, podOf('generation', RUNNING, { index: 1 })];

  it('is true while a worker is missing, or no node has started it', () => {
    assert.equal(isStarved(job, all), false);
    assert.equal(isStarved(job, [...all, podOf('coordinator', { phase: 'Pending' })]), false);
    assert.equal(isStarved(job, workers), true);
    assert.equal(isStarved(job, [...all.slice(1), podOf('actor', { phase: 'Pending' })]), true);
  });

  it('is false where only those are missing that the job does not wait for', () => {
    const elastic = jobOf({ roles: { generation: { replicas: 2 } }, scheduling: { minGenerationReplicas: 1 } });
    assert.equal(isStarved(elastic, workers), false);
    assert.equal(isStarved(elastic, workers.slice(1)), true);
    const [first, second] = [0, 1].map((index) => podOf('generation', RUNNING, { index }));
    assert.deepEqual([isNeeded(elastic, first!), isNeeded(elastic, second!)], [true, false]);
    assert.deepEqual([countNeeded(job), countNeeded(elastic), countNeeded(colocated)], [7, 6, 2]);
  });

  it('counts shared pods once', () => {
    assert.equal(isStarved(colocated, [podOf('colocated', RUNNING)]), false);
    assert.equal(isStarved(colocated, []), true);
  });
});
