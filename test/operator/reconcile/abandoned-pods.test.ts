// Which pods are given up, and when, whatever the server's clock says.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { timestamp } from '../../../operator/cluster/clock.ts';
import type { Pod, Stored } from '../../../operator/cluster/objects.ts';
import { AbandonedPods } from '../../../operator/reconcile/abandoned-pods.ts';
import { ManualClock } from '../cluster/fixtures.ts';
import { podOf, START_MS } from './builders.ts';
import { RUNNING } from './fixtures.ts';

/** Asked to go an hour before the operator's clock has begun, or after: the server has its own. */
function goingPod(uid: string, deletionGracePeriodSeconds = 30, hours = 0): Stored<Pod> {
  const pod = podOf('reward', RUNNING, { uid });
  const deletionTimestamp = timestamp(START_MS + hours * 3_600_000);
  return { ...pod, metadata: { ...pod.metadata, deletionTimestamp, deletionGracePeriodSeconds } };
}

for (const hours of [-1, 0, 1]) {
  it(`gives a pod up five minutes after it should have gone (the server's clock: ${hours} h)`, async () => {
    const clock = new ManualClock();
    const abandoned = new AbandonedPods(clock);
    const pods = [podOf('actor', RUNNING), goingPod('a', 30, hours)];
    assert.deepEqual(abandoned.find('job', pods), { uids: new Set(), leftMs: 330_000 });
    await clock.advance(100_000);
    assert.deepEqual(abandoned.find('job', [...pods, goingPod('b', 0)]), { uids: new Set(), leftMs: 230_000 });
    clock.set(3_600_000);
    await clock.advance(230_000);
    assert.deepEqual(abandoned.find('job', [...pods, goingPod('b', 0)]), { uids: new Set(['a']), leftMs: 70_000 });
  });
}

it('measures each pod from when it was seen going, and knows nothing of pods that went', async () => {
  const clock = new ManualClock();
  const abandoned = new AbandonedPods(clock);
  abandoned.find('job', [goingPod('a', 0)]);
  await clock.advance(299_000);
  assert.deepEqual(abandoned.find('job', []), { uids: new Set(), leftMs: null });
  await clock.advance(2_000);
  assert.deepEqual(abandoned.find('job', [goingPod('a', 0)]), { uids: new Set(), leftMs: 300_000 });
});
