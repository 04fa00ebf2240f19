/** What the settings ask for, while whoever waits waits and later: fewer let a job begin. What can't be read changes nothing. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { JobConfig } from '../../../worker/api/job-config.ts';
import { Membership } from '../../../worker/coordinator/membership.ts';
import { followWantedReplicas } from '../../../worker/coordinator/wanted-replicas.ts';

it('lets whoever waits go on once the settings ask for fewer, and follows them from then on', async () => {
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
  const stop = followWantedReplicas({ membership, read, everyMs: 1 });
  try {
    assert.equal(await membership.waitUntil(() => membership.isComplete, 60_000, new AbortController().signal), true);
    assert.ok(numReads >= 3);
    settings.push(2);
    while (membership.numWanted('generation') !== 2) await delay(1);
    assert.ok(membership.isComplete);
  } finally {
    stop();
  }
});
