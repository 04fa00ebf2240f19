/** Service names: how they are read, which are waited for, and that one without pods ends in a clear refusal. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SERVICES } from '../../../operator/cluster/cluster.ts';
import { MemoryCluster } from '../../../operator/cluster/memory-cluster.ts';
import { PodNetwork } from '../../../operator/local/network.ts';
import { parseServiceName, resolveServiceNames } from '../../../operator/local/service-names.ts';

test('names are taken apart', () => {
  assert.deepEqual(parseServiceName('c.ns.svc'), { pod: null, service: 'c', namespace: 'ns' });
  assert.deepEqual(parseServiceName('p-0.c.ns.svc.cluster.local'), { pod: 'p-0', service: 'c', namespace: 'ns' });
});

test("a service without pods is refused after the deadline; a named pod needs no waiting, nor somebody else's service", async () => {
  const network = await PodNetwork.lease(21);
  const cluster = new MemoryCluster();
  const resolver = { cluster, network, deadlineMs: 150 };
  const spec = { clusterIP: 'None', selector: { app: 'c' }, ports: [] };
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'ns', name: 'c' }, spec };
  await cluster.create(SERVICES, service, { fieldManager: 'test' });
  const { signal } = new AbortController();
  try {
    await assert.rejects(resolveServiceNames(['c.ns.svc'], resolver, signal), /no pod stands behind c\.ns\.svc/);
    const found = await resolveServiceNames(['p-0.c.ns.svc'], resolver, signal);
    assert.equal(found.get('p-0.c.ns.svc'), network.address('ns/p-0'));
    assert.equal((await resolveServiceNames(['c.ns.svc'], resolver, AbortSignal.abort())).size, 0);
    assert.equal((await resolveServiceNames(['otel.ns.svc'], resolver, signal)).size, 0);
  } finally {
    await network.close();
  }
});
