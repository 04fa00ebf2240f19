// A job's certificates and its policy in a cluster: there before its pods, kept in force, renewed, and never over what
// belongs to somebody else.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { NETWORK_POLICIES, SECRETS } from '../../../operator/cluster/cluster.ts';
import { InvalidError } from '../../../operator/cluster/errors.ts';
import type { Secret, Stored } from '../../../operator/cluster/objects.ts';
import { renewalLeftMs } from '../../../operator/reconcile/security.ts';
import { LIFETIMES } from '../../../operator/security/rotation.ts';
import { NAMESPACE, WRITER } from '../cluster/fixtures.ts';
import { JOB_KEY, POD_NAMES, RUNNING, World } from './fixtures.ts';

const CLUSTER = { kind: 'Cluster', operatorNamespace: 'ppo-system', metricsFrom: [], workerImage: 'ppo:1' } as const;

let world: World;
beforeEach(() => {
  world = new World();
  world.platform = CLUSTER;
});
afterEach(async () => {
  await world.stopOperator();
});

/** Keys are made on other threads, which no test clock moves. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const endMs = Date.now() + 10_000; !(await isSo()); ) {
    assert.ok(Date.now() < endMs, 'it never came to be');
    await delay(5);
    await world.settle();
  }
}

async function untilPods(): Promise<void> {
  await until(async () => (await world.podNames()).length === POD_NAMES.length);
}

function secret(name: string): Promise<Stored<Secret>> {
  return world.store.get(SECRETS, { namespace: NAMESPACE, name });
}

function certificateIn({ data = {} }: Secret, key: string): X509Certificate {
  return new X509Certificate(Buffer.from(data[key] ?? '', 'base64'));
}

describe('a job in a cluster', () => {
  it('has its certificates and its policy before it has pods, and the operator calls it with them', async () => {
    world.startOperator();
    await world.createJob();
    await untilPods();
    const tls = await secret('tiny-tls');
    const policy = await world.store.get(NETWORK_POLICIES, { namespace: NAMESPACE, name: 'tiny' });
    const pods = await world.pods();
    for (const before of [tls, await secret('tiny-ca'), policy]) {
      for (const pod of pods) {
        assert.ok(Number(before.metadata.resourceVersion) < Number(pod.metadata.resourceVersion));
      }
      assert.equal(before.metadata.ownerReferences?.[0]?.name, 'tiny');
    }
    await world.setPodStatus('tiny-coordinator-0', RUNNING);
    await until(async () => world.progress.targets.has(JOB_KEY));
    const target = world.progress.targets.get(JOB_KEY);
    assert.equal(target?.tls?.certificate.trim(), certificateIn(tls, 'operator.crt').toString().trim());
    assert.deepEqual(world.errors, []);
  });

  it('keeps them over restarts of the operator, and writes nothing more', async () => {
    world.startOperator();
    await world.createJob();
    await untilPods();
    const before = await secret('tiny-tls');
    await world.stopOperator();
    world.startOperator();
    await world.settle();
    await world.runAllPods();
    assert.equal((await secret('tiny-tls')).metadata.resourceVersion, before.metadata.resourceVersion);
  });

  it('gets new ones before the old ones end', async () => {
    world.startOperator();
    await world.createJob();
    await untilPods();
    await world.runAllPods();
    const before = certificateIn(await secret('tiny-tls'), 'worker.crt');
    // In one step, without all that an operator does in twenty days.
    await world.stopOperator();
    await world.clock.advance(LIFETIMES.certificateMs - LIFETIMES.renewalMs + 1000);
    world.startOperator();
    await until(async () => certificateIn(await secret('tiny-tls'), 'worker.crt').serialNumber !== before.serialNumber);
    const after = certificateIn(await secret('tiny-tls'), 'worker.crt');
    assert.ok(after.validToDate > before.validToDate);
    assert.deepEqual(await world.podNames(), POD_NAMES, 'no pod is replaced for it');
  });

  it('is never called in the clear because new ones could not be written', async () => {
    world.startOperator();
    await world.createJob();
    await untilPods();
    await world.runAllPods();
    await world.stopOperator();
    await world.clock.advance(LIFETIMES.certificateMs - LIFETIMES.renewalMs + 1000);
    world.store.update = () => Promise.reject(new Error('the network is gone'));
    world.startOperator();
    await until(async () => world.errors.some((error) => /the network is gone/.test(String(error))));
    assert.ok(world.progress.targets.get(JOB_KEY)?.tls);
  });

  it('gets back what somebody deletes', async () => {
    world.startOperator();
    await world.createJob();
    await untilPods();
    await world.store.delete(SECRETS, { namespace: NAMESPACE, name: 'tiny-tls' });
    await world.store.delete(NETWORK_POLICIES, { namespace: NAMESPACE, name: 'tiny' });
    await until(async () => {
      const { items: secrets } = await world.store.list(SECRETS);
      const { items: policies } = await world.store.list(NETWORK_POLICIES);
      return secrets.length === 2 && policies.length === 1;
    });
  });

  it("waits without pods while a Secret of its names is somebody else's, and says so", async () => {
    const metadata = { namespace: NAMESPACE, name: 'tiny-tls' };
    await world.store.create(SECRETS, { apiVersion: 'v1', kind: 'Secret', metadata, data: { mine: 'eA==' } }, WRITER);
    world.startOperator();
    await world.createJob();
    await until(async () => world.errors.length > 0);
    assert.match(String(world.errors[0]), /write Secret tiny-tls: there is one already, and it is not of this job/);
    assert.deepEqual(await world.podNames(), []);
    assert.deepEqual((await secret('tiny-tls')).data, { mine: 'eA==' });
    await world.store.delete(SECRETS, metadata);
    await world.clock.advance(60_000);
    await untilPods();
  });

  it('waits without a word while a Secret of an earlier job of its name is being collected', async () => {
    const owner = { apiVersion: 'rlhf.dev/v1alpha1', kind: 'PPOJob', name: 'tiny', uid: 'earlier', controller: true };
    const held = { ownerReferences: [owner], finalizers: ['example.com/slow'] };
    const metadata = { namespace: NAMESPACE, name: 'tiny-tls', ...held };
    await world.store.create(SECRETS, { apiVersion: 'v1', kind: 'Secret', metadata, data: { a: 'eA==' } }, WRITER);
    world.startOperator();
    await world.createJob();
    await until(async () => (await world.store.list(SECRETS)).items.some((item) => item.metadata.name === 'tiny-ca'));
    assert.deepEqual(await world.podNames(), []);
    const former = await secret('tiny-tls');
    await world.store.update(SECRETS, { ...former, metadata: { ...former.metadata, finalizers: [] } }, WRITER);
    await world.clock.advance(60_000);
    await untilPods();
    assert.deepEqual(world.errors, []);
  });

  it('has no pods while its policy is refused', async () => {
    const { store } = world;
    world.cluster = new Proxy(store, {
      get(target, name) {
        const value = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        if (name !== 'apply') return value.bind(target);
        return (kind: { plural: string }, ...rest: unknown[]) =>
          kind.plural === 'networkpolicies'
            ? Promise.reject(new InvalidError('not today'))
            : Reflect.apply(value, target, [kind, ...rest]);
      },
    });
    world.startOperator();
    await world.createJob();
    await until(async () => world.errors.length > 0);
    assert.match(String(world.errors[0]), /apply NetworkPolicy tiny: not today/);
    assert.deepEqual(await world.podNames(), []);
  });

  it('loses its policy when the manifest no longer wants one', async () => {
    world.startOperator();
    await world.createJob();
    await untilPods();
    await world.changeSpec({ security: { networkPolicy: { mode: 'Disabled' } } });
    await until(async () => (await world.store.list(NETWORK_POLICIES)).items.length === 0);
  });
});

describe('renewalLeftMs', () => {
  const inForce = { renewAtMs: 5000, operator: { ca: '', certificate: '', key: '' } };

  it('is the time until certificates are due', () => {
    assert.equal(renewalLeftMs({ inForce, error: null }, 2000), 3000);
    assert.equal(renewalLeftMs({ inForce, error: null }, 6000), 0);
    assert.equal(renewalLeftMs({ inForce: null, error: null }, 0), null);
  });
});

describe('a job on one machine', () => {
  it('has none of it', async () => {
    world.platform = { ...CLUSTER, kind: 'Machine' };
    world.startOperator();
    await world.createJob();
    await untilPods();
    assert.deepEqual((await world.store.list(SECRETS)).items, []);
    assert.deepEqual((await world.store.list(NETWORK_POLICIES)).items, []);
    await world.setPodStatus('tiny-coordinator-0', RUNNING);
    assert.equal(world.progress.targets.get(JOB_KEY)?.tls, null);
  });
});
