// When pods may be made.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { timestamp } from '../../../operator/cluster/clock.ts';
import type { Pod, Stored } from '../../../operator/cluster/objects.ts';
import { findHeldGroups } from '../../../operator/reconcile/replacement.ts';
import { jobOf, podOf, START_MS } from './builders.ts';
import { RUNNING } from './fixtures.ts';

const job = jobOf({ roles: { actor: { replicas: 2 } } });
const going = { deletionTimestamp: timestamp(START_MS) };
const ALL = ['coordinator', 'actor', 'critic', 'generation', 'reference', 'reward', 'colocated'];

function heldOf(pods: readonly Stored<Pod>[], status: object = {}): string[] {
  return [...findHeldGroups({ job, status, pods, nowMs: START_MS, restarts: [] })];
}

describe('findHeldGroups', () => {
  it('holds nobody up without a reason', () => {
    assert.deepEqual(heldOf([]), []);
    assert.deepEqual(heldOf([podOf('coordinator', RUNNING), podOf('generation', RUNNING, going)]), []);
  });

  it('holds ranks up until all of those before have gone', () => {
    const others = [podOf('coordinator', RUNNING), podOf('actor', RUNNING, { index: 1 })];
    assert.deepEqual(heldOf([...others, podOf('actor', RUNNING, going)]), ['actor']);
    assert.deepEqual(heldOf([...others, podOf('actor', RUNNING)], { replacing: ['actor-1'] }), ['actor']);
  });

  it('holds a whole job up while all of its pods are going', () => {
    assert.deepEqual(heldOf([podOf('reward', RUNNING, going)]), ALL);
    assert.deepEqual(heldOf([podOf('reward', RUNNING)], { replacing: ['reward-0'] }), ALL);
  });

  it('holds a role up during its back-off, and the pods that it shares', () => {
    const backoff = { seconds: 2, until: timestamp(START_MS + 2000) };
    const status = { roles: { reward: { desired: 1, ready: 0, restarts: 1, backoff } } };
    assert.deepEqual(heldOf([podOf('coordinator', RUNNING)], status), ['reward', 'colocated']);
  });
});
