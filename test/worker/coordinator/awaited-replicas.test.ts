/** Fewer replicas in the settings let a job begin that waits for more; settings that can't be read change nothing. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { JobConfig } from '../../../worker/api/job-config.ts';
import { followAwaitedReplicas } from '../../../worker/coordinator/awaited-replicas.ts';
import { Membership } from '../../../worker/coordinator/membership.ts';

it('lets whoever waits go on once the settings ask for fewer', async () => {
  const expected = { generation: 3, actor: 0, critic: 0, reference: 0, reward: 0 };
  const membership = new Membership({ expected, silentMs: 1000, nowMs: () => 0 });
  membership.register({ role: 'generation', index: 0, incarnation: 'g0', address: 'a', pod: 'p' }, 0);
  const settings: (number | null)[] = [3, null, 1];
  let numReads = 0;
  const read = (): JobConfig => {
    const replicas = settings[Math.min(numReads++, settings.length - 1)];
    if (replicas == null) throw new Error('half a file');
    return { roles: { generation: { replicas } } } as JobConfig;
  };
  const stop = followAwaitedReplicas({ membership, read, everyMs: 1 });
  try {
    assert.equal(await membership.waitUntil(() => membership.isComplete, 60_000, new AbortController().signal), true);
    assert.ok(numReads >= 3);
  } finally {
    stop();
  }
});
