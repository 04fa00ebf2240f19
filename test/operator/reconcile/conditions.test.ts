// Conditions follow Kubernetes' rules.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { findCondition, setCondition } from '../../../operator/reconcile/conditions.ts';

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
