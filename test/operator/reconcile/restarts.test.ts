// Which pods are replaced together, and what that counts towards.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FailureAction } from '../../../operator/api/lifecycle-schema.ts';
import type { PodFault } from '../../../operator/reconcile/pod-fault.ts';
import { countRestarts, planRestarts } from '../../../operator/reconcile/restarts.ts';
import { faultOf, podOf } from './builders.ts';
import { RUNNING } from './fixtures.ts';

const pods = [
  ...[podOf('coordinator', RUNNING), podOf('actor', RUNNING), podOf('actor', RUNNING, { index: 1 })],
  ...[podOf('generation', RUNNING), podOf('generation', RUNNING, { index: 1 })],
];
const rank1 = { pod: 'tiny-actor-1', uid: 'actor-1' };

function planOf(...decided: [FailureAction, PodFault][]): (string | readonly string[])[][] {
  const restarts = planRestarts(
    decided.map(([action, fault]) => ({ action, fault, rule: null })),
    pods,
  );
  return restarts.map(({ scope, role, count, uids }) => [scope, role, count, uids]);
}

describe('planRestarts', () => {
  it('replaces pods one by one', () => {
    const faults = [faultOf('generation'), faultOf('reward', { cause: 'Infrastructure' })] as const;
    assert.deepEqual(planOf(['RestartPod', faults[0]], ['RestartPod', faults[1]]), [
      ['Pod', 'generation', 'Program', ['generation-0']],
      ['Pod', 'reward', 'Infrastructure', ['reward-0']],
    ]);
  });

  it('replaces all ranks once, however many of them failed', () => {
    assert.deepEqual(planOf(['RestartRole', faultOf('actor')], ['RestartRole', faultOf('actor', rank1)]), [
      ['Role', 'actor', 'Program', ['actor-0', 'actor-1']],
    ]);
  });

  it('blames nobody where one rank was taken away and the others failed for it', () => {
    const taken = faultOf('actor', { ...rank1, cause: 'Infrastructure' });
    const [restart] = planRestarts(
      [faultOf('actor'), taken].map((fault) => ({ action: 'RestartRole', fault, rule: null })),
      pods,
    );
    assert.deepEqual([restart?.count, restart?.faults[0]], ['Infrastructure', taken]);
  });

  it('lets the larger restart stand for the smaller', () => {
    assert.deepEqual(planOf(['RestartRole', faultOf('actor')], ['RestartPod', faultOf('actor', rank1)]).length, 1);
    const all = pods.map((pod) => pod.metadata.uid);
    assert.deepEqual(planOf(['RestartPod', faultOf('generation')], ['RestartJob', faultOf('actor')]), [
      ['Job', 'actor', 'Program', all],
    ]);
  });

  it('counts apart what is ignored', () => {
    assert.deepEqual(planOf(['Ignore', faultOf('actor')]), [['Pod', 'actor', 'Ignored', ['actor-0']]]);
  });
});

describe('countRestarts', () => {
  it('adds to what the status holds, each to its own count', () => {
    const status = {
      roles: { actor: { desired: 1, ready: 1, restarts: 2, infrastructureRestarts: 1 } },
      jobRestarts: 1,
    };
    const decisions = [
      { action: 'RestartPod', fault: faultOf('actor'), rule: null },
      { action: 'RestartPod', fault: faultOf('reward', { cause: 'Infrastructure' }), rule: null },
      { action: 'Ignore', fault: faultOf('critic'), rule: null },
    ] as const;
    assert.deepEqual(countRestarts(status, planRestarts(decisions, pods)), {
      ...{ program: { actor: 3 }, infrastructure: { actor: 1, reward: 1 }, job: 1, total: 4 },
      ignored: { actor: 0, critic: 1 },
    });
    const ofJob = planRestarts([{ action: 'RestartJob', fault: faultOf('actor'), rule: null }], pods);
    assert.deepEqual(countRestarts(status, ofJob), {
      ...{ program: { actor: 2 }, infrastructure: { actor: 1 }, ignored: { actor: 0 }, job: 2, total: 4 },
    });
  });
});
