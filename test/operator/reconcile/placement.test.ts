// What the operator asks of schedulers and devices before it makes pods: groups and claims that come first, follow the
// job, and go when it rests.

import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { LABELS } from '../../../operator/api/names.ts';
import { type Cluster, PODS, type ResourceKind } from '../../../operator/cluster/cluster.ts';
import type { Discovery } from '../../../operator/cluster/discovery.ts';
import { InvalidError } from '../../../operator/cluster/errors.ts';
import { RESOURCE_CLAIM_TEMPLATES } from '../../../operator/plan/devices.ts';
import { GANG_CONVENTIONS, type PodGroup } from '../../../operator/plan/pod-groups.ts';
import { runOperator } from '../../../operator/reconcile/operator.ts';
import { NAMESPACE } from '../cluster/fixtures.ts';
import { JOB, World } from './fixtures.ts';

const [NATIVE] = GANG_CONVENTIONS.Kubernetes.kinds as [ResourceKind<PodGroup>];
const [VOLCANO] = GANG_CONVENTIONS.Volcano.kinds as [ResourceKind<PodGroup>];
const ALL: Discovery = { serves: async () => true };
const NOTHING: Discovery = { serves: async () => false };

let stop = new AbortController();
const running: Promise<void>[] = [];
afterEach(async () => {
  stop.abort();
  await Promise.all(running.splice(0));
  stop = new AbortController();
});

function start(discovery: Discovery | null, cluster?: (store: Cluster) => Cluster): World {
  const world = new World();
  const { clock, progress, store } = world;
  const operator = runOperator(
    {
      ...{ clock, progress, cluster: cluster?.(store) ?? store },
      onError: (error) => world.errors.push(error),
      ...(discovery !== null && { discovery }),
    },
    stop.signal,
  );
  running.push(operator);
  return world;
}

const groups = async (world: World, kind = NATIVE) => (await world.store.list(kind, { namespace: NAMESPACE })).items;

describe('the PodGroup of a job', () => {
  it('is there with its pods, and gone when the job rests', async () => {
    const world = start(ALL);
    await world.createJob();
    const [group, ...others] = await groups(world);
    assert.deepEqual(others, []);
    assert.deepEqual(group?.spec, { schedulingPolicy: { gang: { minCount: 7 } } });
    assert.equal(group?.metadata.labels?.[LABELS.job], JOB.name);
    for (const { spec } of await world.pods()) assert.deepEqual(spec.schedulingGroup, { podGroupName: JOB.name });
    await world.changeSpec({ suspend: true });
    assert.deepEqual(await groups(world), []);
    assert.deepEqual(world.errors, []);
  });

  it('comes back when somebody deletes it', async () => {
    const world = start(ALL);
    await world.createJob();
    const [group] = await groups(world);
    await world.store.delete(NATIVE, group!.metadata);
    await world.settle();
    const [other] = await groups(world);
    assert.ok(other !== undefined && other.metadata.uid !== group?.metadata.uid);
  });

  it('keeps its size when the job grows, and shrinks with it', async () => {
    const world = start(ALL);
    await world.createJob();
    const sizes: unknown[] = [];
    for (const replicas of [4, 1]) {
      await world.changeSpec({ roles: { generation: { replicas } } });
      sizes.push((await groups(world))[0]?.spec);
    }
    assert.deepEqual(sizes, [
      { schedulingPolicy: { gang: { minCount: 7 } } },
      { schedulingPolicy: { gang: { minCount: 6 } } },
    ]);
  });

  it('is none where the server has no such kind, or where there is no scheduler at all', async () => {
    for (const discovery of [NOTHING, null]) {
      const world = start(discovery);
      await world.createJob(discovery === null ? { scheduling: { gang: 'Volcano' } } : {});
      assert.deepEqual([...(await groups(world)), ...(await groups(world, VOLCANO))], []);
      assert.equal((await world.pods()).length, 7);
      for (const { spec } of await world.pods()) {
        assert.deepEqual(
          Object.keys(spec).filter((key) => key === 'schedulingGroup'),
          [],
        );
      }
    }
  });

  it('comes first: where it is refused, no pod is made', async () => {
    const refusing = (store: Cluster): Cluster =>
      new Proxy(store, {
        get: (target, name) => {
          const value = Reflect.get(target, name) as unknown;
          if (name !== 'apply') return typeof value === 'function' ? value.bind(target) : value;
          return async (kind: ResourceKind<PodGroup>, ...rest: [PodGroup, never]) => {
            if (kind.kind === 'PodGroup') throw new InvalidError('no groups today');
            return target.apply(kind, ...rest);
          };
        },
      });
    const world = start(ALL, refusing);
    await world.createJob({ scheduling: { gang: 'Volcano' } });
    assert.deepEqual((await world.store.list(PODS, { namespace: NAMESPACE })).items, []);
    assert.match(String(world.errors[0]), /apply PodGroup tiny \(scheduling\.volcano\.sh\/v1beta1\): no groups today/);
  });
});

describe('the ResourceClaimTemplates of a job', () => {
  it('are there with its pods, and gone when the job rests', async () => {
    const world = start(null);
    await world.createJob({ roles: { actor: { devices: { deviceClassName: 'gpu.nvidia.com' } } } });
    const templates = async () => (await world.store.list(RESOURCE_CLAIM_TEMPLATES, { namespace: NAMESPACE })).items;
    const [template, ...others] = await templates();
    assert.deepEqual(others, []);
    const actor = (await world.pods()).find(({ metadata }) => metadata.name === 'tiny-actor-0');
    assert.equal(actor?.spec.resourceClaims?.[0]?.resourceClaimTemplateName, template?.metadata.name);
    await world.changeSpec({ suspend: true });
    assert.deepEqual(await templates(), []);
  });
});

describe('pods that several roles share', () => {
  it('count for each of their roles', async () => {
    const world = start(null);
    await world.createJob({ placement: { mode: 'Colocated' }, roles: {} });
    assert.deepEqual(await world.podNames(), ['tiny-colocated-0', 'tiny-coordinator-0']);
    const state = { running: {} };
    const statusOf = (name: string) => ({ name, ready: name !== 'critic', restartCount: 0, state });
    const names = ['actor', 'critic', 'generation', 'reference', 'reward'];
    await world.setPodStatus('tiny-colocated-0', { phase: 'Running', containerStatuses: names.map(statusOf) });
    const { roles, generationSelector } = await world.status();
    assert.deepEqual(
      names.map((name) => roles?.[name as 'actor']?.ready),
      [1, 0, 1, 1, 1],
    );
    assert.match(generationSelector ?? '', /role=colocated/);
  });
});
