// Which action a fault leads to: the first rule that fits, else what suits the role.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decide, isGang } from '../../../operator/reconcile/failure-policy.ts';
import { faultOf, jobOf } from './builders.ts';

const SEVERAL_RANKS = { roles: { actor: { replicas: 2 }, critic: { replicas: 2 } } };

describe('without a rule', () => {
  const cases = [
    ['one rank is replaced by itself', {}, faultOf('actor'), 'RestartPod'],
    ['one of several ranks takes all along', SEVERAL_RANKS, faultOf('actor'), 'RestartRole'],
    ['critics as actors', SEVERAL_RANKS, faultOf('critic'), 'RestartRole'],
    ['a replica is replaced by itself', SEVERAL_RANKS, faultOf('generation'), 'RestartPod'],
    ['the coordinator is replaced by itself', SEVERAL_RANKS, faultOf('coordinator'), 'RestartPod'],
    ['a rank that was taken away', SEVERAL_RANKS, faultOf('actor', { cause: 'Infrastructure' }), 'RestartRole'],
    ['what no restart mends', SEVERAL_RANKS, faultOf('actor', { hopeless: 'ImageUnavailable' }), 'FailJob'],
  ] as const;
  for (const [name, spec, fault, action] of cases) {
    it(name, () => assert.deepEqual(decide(jobOf(spec), fault), { fault, action, rule: null }));
  }
});

describe('rules', () => {
  const rules = [
    { roles: ['actor', 'critic'], exitCodes: [42, 43], action: 'FailJob' },
    { reasons: ['OOMKilled'], action: 'RestartJob' },
    { podConditions: ['DisruptionTarget'], roles: ['generation'], action: 'Ignore' },
    { roles: ['reward'], exitCodes: [7], reasons: ['Error'], action: 'RestartRole' },
  ];
  const job = jobOf({ failurePolicy: { rules } });
  const cases = [
    ['by exit code and role', faultOf('critic', { exitCode: 43 }), 'FailJob', 0],
    ['not for another role', faultOf('reward', { exitCode: 43 }), 'RestartPod', null],
    ['by reason', faultOf('reward', { reasons: ['Evicted', 'OOMKilled'] }), 'RestartJob', 1],
    ['the first that fits', faultOf('actor', { exitCode: 42, reasons: ['OOMKilled'] }), 'FailJob', 0],
    ['by condition', faultOf('generation', { conditions: ['Ready', 'DisruptionTarget'] }), 'Ignore', 2],
    ['everything that a rule names', faultOf('reward', { exitCode: 7 }), 'RestartRole', 3],
    ['not for a part of it', faultOf('reward', { exitCode: 7, reasons: [] }), 'RestartPod', null],
    ['even for what no restart mends', faultOf('reward', { exitCode: 7, hopeless: 'Unschedulable' }), 'RestartRole', 3],
  ] as const;
  for (const [name, fault, action, rule] of cases) {
    it(name, () => {
      const decision = decide(job, fault);
      assert.deepEqual([decision.action, decision.rule], [action, rule]);
    });
  }

  it('that name nothing fit everything', () => {
    const decision = decide(jobOf({ failurePolicy: { rules: [{ action: 'Ignore' }] } }), faultOf('actor'));
    assert.deepEqual([decision.action, decision.rule], ['Ignore', 0]);
  });
});

describe('rules on other exit codes', () => {
  const job = jobOf({ failurePolicy: { rules: [{ exitCodesNotIn: [42, 43], action: 'FailJob' }] } });
  const cases = [
    ['fit an exit code that is not listed', { exitCode: 1 }, 'FailJob'],
    ['fit an end that came too early', { exitCode: 0 }, 'FailJob'],
    ['fit none that is listed', { exitCode: 43 }, 'RestartPod'],
    ['fit no pod without an exit code', { exitCode: -1, cause: 'Infrastructure' }, 'RestartPod'],
  ] as const;
  for (const [name, fault, action] of cases) {
    it(name, () => assert.equal(decide(job, faultOf('reward', fault)).action, action));
  }
});

describe('gangs', () => {
  it('are the ranks of an actor or critic with several, also where they share pods with others', () => {
    const job = jobOf(SEVERAL_RANKS);
    const groups = ['actor', 'critic', 'colocated', 'generation', 'coordinator', 'reward'];
    assert.deepEqual(
      groups.filter((group) => isGang(job, group)),
      ['actor', 'critic', 'colocated'],
    );
    assert.equal(isGang(jobOf(), 'actor'), false);
  });
});
