// Conditions follow Kubernetes' rules.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { findCondition, latestStageFirst, setCondition } from '../../../operator/reconcile/conditions.ts';

it('keeps one condition per type, and the transition time while the status stays', () => {
  const base = { type: 'Running', status: 'False', reason: 'A', message: 'a' } as const;
  let conditions = setCondition([], base, 't1');
  conditions = setCondition(conditions, { ...base, type: 'Other' }, 't2');
  conditions = setCondition(conditions, { ...base, reason: 'B' }, 't3');
  assert.deepEqual(findCondition(conditions, 'Running'), { ...base, reason: 'B', lastTransitionTime: 't1' });
  conditions = setCondition(conditions, { ...base, status: 'True' }, 't4');
  assert.deepEqual(
    conditions.map((c) => [c.type, c.status, c.lastTransitionTime]),
    [
      ['Running', 'True', 't4'],
      ['Other', 'False', 't2'],
    ],
  );
});

it('puts what holds first, and of that the latest stage', () => {
  const all = [
    { type: 'Accepted', status: 'True' },
    { type: 'Scheduled', status: 'True' },
    { type: 'Suspended', status: 'False' },
    { type: 'Running', status: 'True' },
  ] as const;
  const conditions = all.map((condition) => ({ ...condition, reason: 'R', message: '', lastTransitionTime: 't' }));
  const order = latestStageFirst(conditions).map(({ type }) => type);
  assert.deepEqual(order, ['Running', 'Scheduled', 'Accepted', 'Suspended']);
});
