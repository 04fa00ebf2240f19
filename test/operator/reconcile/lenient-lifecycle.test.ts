// What is read of a spec that isn't valid: suspension and the clean-up, where they are as they should be.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { lenientLifecycle } from '../../../operator/reconcile/lenient-lifecycle.ts';

const DEFAULTS = { suspend: false, cleanPodPolicy: 'Running' };

for (const [spec, expected] of [
  [
    { seed: -1, suspend: true, ttlSecondsAfterFinished: 5, cleanPodPolicy: 'All' },
    { suspend: true, ttlSecondsAfterFinished: 5, cleanPodPolicy: 'All' },
  ],
  [{ suspend: 'true', ttlSecondsAfterFinished: '5', cleanPodPolicy: 'all' }, DEFAULTS],
  [{ ttlSecondsAfterFinished: -1 }, DEFAULTS],
  [null, DEFAULTS],
  ['spec', DEFAULTS],
] as const) {
  it(`of ${JSON.stringify(spec)}`, () => assert.deepEqual(lenientLifecycle(spec), expected));
}
