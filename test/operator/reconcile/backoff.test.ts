// How long a role waits before it replaces pods that keep failing.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { timestamp } from '../../../operator/cluster/clock.ts';
import { backoffLeftMs, computeBackoffs, nextBackoff } from '../../../operator/reconcile/backoff.ts';
import { planRestarts } from '../../../operator/reconcile/restarts.ts';
import { faultOf, podOf, START_MS } from './builders.ts';
import { RUNNING } from './fixtures.ts';

const event = { livedMs: 1000, nowMs: START_MS };

describe('nextBackoff', () => {
  it('costs nothing at first, then doubles up to a minute', () => {
    const waits: number[] = [];
    for (let i = 0, last = nextBackoff(undefined, event); i < 9; i++, last = nextBackoff(last, event)) {
      waits.push(last.seconds);
    }
    assert.deepEqual(waits, [0, 1, 2, 4, 8, 16, 32, 60, 60]);
    assert.equal(nextBackoff({ seconds: 4, until: '' }, event).until, timestamp(START_MS + 8000));
  });

  it('starts anew after a pod that lived long', () => {
    assert.equal(nextBackoff({ seconds: 32, until: '' }, { livedMs: 600_000, nowMs: START_MS }).seconds, 0);
  });
});

describe('computeBackoffs', () => {
  it('lengthens the wait of the roles that failed, and keeps the others', () => {
    const backoff = { seconds: 2, until: timestamp(START_MS) };
    const known = { desired: 1, ready: 0, restarts: 1, backoff };
    const status = { roles: { generation: known, reward: known } };
    const restarts = planRestarts([{ action: 'Ignore', fault: faultOf('generation'), rule: null }], []);
    const world = { pods: [podOf('generation', RUNNING)], nowMs: START_MS + 1000 };
    assert.deepEqual(computeBackoffs(status, restarts, world), {
      generation: { seconds: 4, until: timestamp(START_MS + 5000) },
      reward: backoff,
    });
  });
});

describe('backoffLeftMs', () => {
  it('is never below 0', () => {
    const backoff = { seconds: 2, until: timestamp(START_MS + 2000) };
    assert.deepEqual(
      [undefined, backoff].map((known) => [backoffLeftMs(known, START_MS), backoffLeftMs(known, START_MS + 9000)]),
      [
        [0, 0],
        [2000, 0],
      ],
    );
  });

  it('does not wait for an hour that another clock was ahead', () => {
    assert.equal(backoffLeftMs({ seconds: 60, until: timestamp(START_MS + 3_660_000) }, START_MS), 0);
    assert.equal(backoffLeftMs({ seconds: 60, until: timestamp(START_MS + 60_000) }, START_MS), 60_000);
  });
});
