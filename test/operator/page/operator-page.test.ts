// The page of an operator that waits, and then leads.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { systemClock } from '../../../operator/cluster/clock.ts';
import { LEASES } from '../../../operator/cluster/lease.ts';
import { MemoryCluster } from '../../../operator/cluster/memory-cluster.ts';
import { OperatorPage } from '../../../operator/page/operator-page.ts';
import type { Overview } from '../../../operator/page/page-api.ts';
import { WRITER } from '../cluster/fixtures.ts';
import { addJob, buildWorld, status } from './fixtures.ts';

it('shows jobs and names the leader while it waits; then it leads', async () => {
  const { cluster } = await buildWorld();
  const leaseCluster = new MemoryCluster();
  const name = { namespace: 'ops', name: 'ppo-operator' };
  const page = await OperatorPage.start({
    ...{ address: { host: '127.0.0.1', port: 0 }, clock: systemClock, cluster },
    lease: { name, cluster: leaseCluster },
    ...{ namespace: 'ops', jobsOf: null, onError: () => {} },
  });
  const overview = async () => (await (await fetch(`${page.url}api/jobs`)).json()) as Overview;
  const until = async (holds: (found: Overview) => boolean) => {
    let found = await overview();
    while (!holds(found)) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      found = await overview();
    }
    return found;
  };
  try {
    const first = await overview();
    assert.deepEqual([first.host.mode, first.host.leader, first.jobs.length], ['following', null, 1]);
    const { apiVersion, kind } = LEASES;
    const spec = { holderIdentity: 'ppo-operator-6c5_b_0f3c' };
    await leaseCluster.create(LEASES, { apiVersion, kind, metadata: name, spec }, WRITER);
    await until(({ host }) => host.leader === 'ppo-operator-6c5_b');
    const cache = new MemoryCluster();
    await addJob(cache, 'cached', status());
    page.lead(cache);
    const last = await until(({ host }) => host.mode === 'leading');
    assert.deepEqual([last.host.leader, last.jobs.map((job) => job.name)], [null, ['cached']]);
    assert.match(last.host.version, /^\d+\.\d+\.\d+/);
  } finally {
    await page.close();
  }
});
