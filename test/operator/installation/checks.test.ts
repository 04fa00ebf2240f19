// The checks of an installation: what each says when it holds, when it comes to hold, and when it doesn't.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ClusterError } from '../../../operator/cluster/errors.ts';
import { LEASES, type LeaseSpec } from '../../../operator/cluster/lease.ts';
import { MemoryCluster } from '../../../operator/cluster/memory-cluster.ts';
import { checkInstallation, type Installation } from '../../../operator/installation/checks.ts';

const LEASE = { namespace: 'ppo-operator', name: 'ppo-operator' };
const WRITER = { fieldManager: 'test' };
const NOW = { deadlineMs: 0 };
/** Longer than any machine is busy: what is waited for comes about by itself. */
const LONG = { deadlineMs: 60_000 };

async function withLease(spec: LeaseSpec): Promise<MemoryCluster> {
  const cluster = new MemoryCluster();
  const { apiVersion, kind } = LEASES;
  await cluster.create(LEASES, { apiVersion, kind, metadata: LEASE, spec }, WRITER);
  return cluster;
}

/** Every look at the lease finds it renewed. */
function renewing(cluster: MemoryCluster): Installation['cluster'] {
  let renewals = 0;
  return {
    list: (kind, options) => cluster.list(kind, options),
    get: async (kind, name) => {
      const lease = await cluster.get(LEASES, LEASE);
      renewals += 1;
      const renewTime = `2026-01-01T00:00:0${renewals}.000000Z`;
      await cluster.update(LEASES, { ...lease, spec: { ...lease.spec, renewTime } }, WRITER);
      return cluster.get(kind, name);
    },
  };
}

const ready = { statusOf: async () => 200, lease: LEASE };

it('finds nothing wrong where an operator leads', async () => {
  const cluster = renewing(await withLease({ holderIdentity: 'operator-1_a' }));
  const told: string[] = [];
  const onResult = ({ title }: { title: string }): unknown => told.push(title);
  const results = await checkInstallation(
    { ...ready, cluster, namespaces: ['team-a', 'team-b'] },
    { ...LONG, onResult },
  );
  assert.deepEqual(
    results.map(({ title, problem }) => [title, problem]),
    [
      ["PPOJobs of the namespace team-a and the namespace team-b can be read with the operator's account", null],
      ['the operator is ready', null],
      ['an operator leads and renews the Lease ppo-operator/ppo-operator', null],
    ],
  );
  assert.equal(told.length, 3);
});

it('waits for what comes', async () => {
  const cluster = renewing(await withLease({ holderIdentity: 'operator-1_a' }));
  const answers = [503, 200];
  const results = await checkInstallation({ ...ready, cluster, statusOf: async () => answers.shift() ?? 0 }, LONG);
  assert.ok(results.every(({ problem }) => problem === null));
  assert.deepEqual(answers, []);
});

it('says everything that is wrong, and what to do', async () => {
  const memory = await withLease({ holderIdentity: 'operator-1_a', renewTime: '2026-01-01T00:00:00.000000Z' });
  const forbidden = async (): Promise<never> => {
    throw new ClusterError('Forbidden', 'ppojobs in all namespaces: forbidden');
  };
  const cluster: Installation['cluster'] = { get: (kind, name) => memory.get(kind, name), list: forbidden };
  const results = await checkInstallation({ ...ready, cluster, statusOf: async () => 503 }, NOW);
  assert.deepEqual(
    results.map(({ problem }) => problem),
    [
      'ppojobs in all namespaces: forbidden',
      '/readyz answers with 503',
      'operator-1_a has not renewed it since 2026-01-01T00:00:00.000000Z',
    ],
  );
  assert.match(results[0]?.remedy ?? '', /crds\.install/);
});

it('knows a lease that was given back, and one that was never made', async () => {
  const [, , given] = await checkInstallation({ ...ready, cluster: await withLease({ holderIdentity: '' }) }, NOW);
  assert.equal(given?.problem, 'nobody holds it');
  const [, , missing] = await checkInstallation({ ...ready, cluster: new MemoryCluster() }, NOW);
  assert.match(missing?.problem ?? '', /ppo-operator/);
});
