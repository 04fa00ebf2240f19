// What is read of a spec that isn't valid: the two fields of the clean-up, where they are as they should be.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { lenientLifecycle } from '../../../operator/reconcile/lenient-lifecycle.ts';

for (const [spec, expected] of [
  [
    { seed: -1, ttlSecondsAfterFinished: 5, cleanPodPolicy: 'All' },
    { ttlSecondsAfterFinished: 5, cleanPodPolicy: 'All' },
  ],
  [{ ttlSecondsAfterFinished: '5', cleanPodPolicy: 'all' }, { cleanPodPolicy: 'Running' }],
  [{ ttlSecondsAfterFinished: -1 }, { cleanPodPolicy: 'Running' }],
  [null, { cleanPodPolicy: 'Running' }],
  ['spec', { cleanPodPolicy: 'Running' }],
] as const) {
  it(`of ${JSON.stringify(spec)}`, () => assert.deepEqual(lenientLifecycle(spec), expected));
}
