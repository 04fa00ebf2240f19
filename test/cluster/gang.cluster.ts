// Jobs that are placed as a whole or not at all, by the real scheduler of Kubernetes and its own PodGroups. Pods say what a
// script says; nodes have devices to count.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { SHARED_ROLES } from '../../operator/api/names.ts';
import { systemClock } from '../../operator/cluster/clock.ts';
import { PODS } from '../../operator/cluster/cluster.ts';
import { KubernetesDiscovery } from '../../operator/cluster/discovery.ts';
import { GANG_CONVENTIONS, type PodGroup } from '../../operator/plan/pod-groups.ts';
import { PPO_JOBS } from '../../operator/reconcile/ppojob-kind.ts';
import { startOwnEnvironment } from './environment.ts';
import { GangStage, livePods, numPlaced, RUNS, rolesOf, SETTLED_MS, untilPlaced, untilReplaced } from './gang-stage.ts';
import { JobWorld, until } from './job-world.ts';
import { TestNode } from './nodes.ts';
import { type PodScript, RUNNING } from './played-kubelet.ts';

const environment = await startOwnEnvironment();
const { cluster, plane } = environment;
const stage = new GangStage(environment);
const [NATIVE] = GANG_CONVENTIONS.Kubernetes.kinds;

/** Every container of a pod that several roles share. */
const RUNS_COLOCATED: PodScript = ({ spec }) => ({
  ...RUNNING,
  containerStatuses: spec.containers.map(({ name }) => ({ ...RUNNING.containerStatuses![0]!, name })),
});

const CLASS = 'device.test';
const DRIVER = 'driver.test';

function create(path: string, body: { readonly metadata: { readonly name: string } }): Promise<unknown> {
  const subject = { title: path, name: body.metadata.name };
  return cluster.transport.request({ method: 'POST', path, subject, body });
}

/** A node with devices that a driver tells of. */
async function addDevices(nodeName: string, count: number): Promise<void> {
  const node = await TestNode.start({ cluster, network: plane.network, name: nodeName, processes: null });
  environment.beforeClose(() => node.stop(0));
  const api = '/apis/resource.k8s.io/v1';
  const expression = `device.driver == '${DRIVER}'`;
  await create(`${api}/deviceclasses`, {
    ...{ apiVersion: 'resource.k8s.io/v1', kind: 'DeviceClass', metadata: { name: CLASS } },
    ...{ spec: { selectors: [{ cel: { expression } }] } },
  } as { metadata: { name: string } });
  const devices = Array.from({ length: count }, (_, i) => ({ name: `device-${i}` }));
  const pool = { name: nodeName, generation: 1, resourceSliceCount: 1 };
  await create(`${api}/resourceslices`, {
    ...{ apiVersion: 'resource.k8s.io/v1', kind: 'ResourceSlice', metadata: { name: nodeName } },
    ...{ spec: { driver: DRIVER, nodeName, pool, devices } },
  } as { metadata: { name: string } });
}

/** The devices of every claim in the job's namespace that has some. */
async function allocatedClaims({ namespace }: JobWorld): Promise<string[]> {
  const path = `/apis/resource.k8s.io/v1/namespaces/${namespace}/resourceclaims`;
  const { items } = await cluster.transport.request({ method: 'GET', path, subject: { title: path, name: null } });
  return (items as unknown as ResourceClaim[]).flatMap(({ status }) =>
    (status?.allocation?.devices?.results ?? []).map(({ device }) => device),
  );
}

interface ResourceClaim {
  readonly status?: { readonly allocation?: { readonly devices?: { readonly results?: { device: string }[] } } };
}

function minCounts(groups: readonly PodGroup[]): (number | undefined)[] {
  return groups.map((group) => GANG_CONVENTIONS.Kubernetes.groupSize(group));
}

async function groupsIn(world: JobWorld): Promise<PodGroup[]> {
  return [...(await cluster.list(NATIVE!, { namespace: world.namespace })).items];
}

describe("gangs of Kubernetes' own scheduler", { concurrency: 4 }, () => {
  it('place a job as a whole or not at all, and the next one when there is room', async () => {
    await stage.addNodes(2, { resource: 'whole.test/gpu', each: 3 });
    await stage.inWorld(RUNS, async (world) => {
      const names = ['one', 'two'];
      for (const name of names) await world.createJob(name, { roles: rolesOf('whole.test/gpu', 2) });
      await until('one of two jobs is placed', async () => {
        const placed = await Promise.all(names.map((name) => numPlaced(world, name)));
        return placed.includes(7) ? null : placed;
      });
      await delay(SETTLED_MS);
      const placed = await Promise.all(names.map((name) => numPlaced(world, name)));
      assert.deepEqual(placed.toSorted(), [0, 7]);
      const [first, second] = placed[0] === 7 ? names : names.toReversed();
      const waiting = (await world.status(second!)).conditions?.find(({ type }) => type === 'Scheduled');
      assert.equal(waiting?.status, 'False');
      assert.match(waiting?.message ?? '', /minCount \(7\) cannot be satisfied/);
      await cluster.delete(PPO_JOBS, { namespace: world.namespace, name: first! });
      await untilPlaced(world, second!, 7);
      await until('the group of the job that is gone is gone', async () => {
        const groups = (await groupsIn(world)).map(({ metadata }) => metadata.name);
        return groups.length === 1 ? null : groups;
      });
    });
  });

  it('place the surplus after all that belong together, as there is room', async () => {
    await stage.addNodes(2, { resource: 'surplus.test/gpu', each: 3 });
    await stage.inWorld(RUNS, async (world) => {
      const resource = 'surplus.test/gpu';
      // Another job's pod takes what this one would need as a whole.
      await world.createJob('small', { roles: rolesOf(resource, 1) });
      await untilPlaced(world, 'small', 6);
      await world.createJob('job', { roles: rolesOf(resource, 4), scheduling: { minGenerationReplicas: 1 } });
      await delay(SETTLED_MS);
      assert.equal((await world.pods('job')).length, 6, 'the surplus is not made before the others have a place');
      assert.equal(await numPlaced(world, 'job'), 0);
      await cluster.delete(PPO_JOBS, { namespace: world.namespace, name: 'small' });
      await untilPlaced(world, 'job', 7);
      await delay(SETTLED_MS);
      assert.equal(await numPlaced(world, 'job'), 7);
      assert.equal((await world.pods('job')).length, 9);
    });
  });

  it('let a job grow one by one and shrink, and take a replaced pod back', async () => {
    await stage.addNodes(2, { resource: 'elastic.test/gpu', each: 3 });
    await stage.inWorld(RUNS, async (world) => {
      const scale = (replicas: number) => world.changeSpec('job', { roles: rolesOf('elastic.test/gpu', replicas) });
      await world.createJob('job', { roles: rolesOf('elastic.test/gpu', 1) });
      await untilPlaced(world, 'job', 6);
      await scale(3);
      await untilPlaced(world, 'job', 7);
      assert.deepEqual(minCounts(await groupsIn(world)), [6]);
      await scale(2);
      await until('8 pods became 7', async () => ((await world.pods('job')).length === 7 ? null : 'not yet'));
      const before = (await livePods(world, 'job')).find(({ metadata }) => metadata.name === 'job-reward-0')!;
      await cluster.delete(PODS, before.metadata, { gracePeriodSeconds: 0 });
      await untilReplaced(world, 'job', before);
      await world.changeSpec('job', { suspend: true });
      await world.untilCondition('job', 'Suspended');
      await until('a job at rest has no group', async () => ((await groupsIn(world)).length === 0 ? null : 'not yet'));
      await world.changeSpec('job', { suspend: false });
      await untilPlaced(world, 'job', 7);
      assert.deepEqual(minCounts(await groupsIn(world)), [7]);
    });
  });

  it("have their pods' priority, and take the place of those that have less", async () => {
    await stage.addNodes(2, { resource: 'urgent.test/gpu', each: 3 });
    await create('/apis/scheduling.k8s.io/v1/priorityclasses', {
      ...{ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'urgent' }, value: 1000 },
    } as { metadata: { name: string } });
    await stage.inWorld(RUNS, async (world) => {
      const roles = rolesOf('urgent.test/gpu', 2);
      await world.createJob('idle', { roles });
      await untilPlaced(world, 'idle', 7);
      await world.createJob('urgent', { roles, podTemplate: { priorityClassName: 'urgent' } });
      await untilPlaced(world, 'urgent', 7);
      const priorities = (await groupsIn(world)).map(({ metadata, spec }) => `${metadata.name} ${spec.priority}`);
      assert.deepEqual(priorities.sort(), ['idle 0', 'urgent 1000']);
    });
  });

  it('pack a job into one zone when it must be', async () => {
    await stage.addNodes(2, { resource: 'packed.test/gpu', each: 5, zoned: true });
    await stage.inWorld(RUNS, async (world) => {
      const packing = { topologyKey: 'topology.kubernetes.io/zone', mode: 'Required' };
      for (const name of ['one', 'two']) {
        await world.createJob(name, { roles: rolesOf('packed.test/gpu', 1), scheduling: { packing } });
        await untilPlaced(world, name, 6);
        const nodes = new Set((await livePods(world, name)).map(({ spec }) => spec.nodeName));
        assert.equal(nodes.size, 1, [...nodes].join(', '));
      }
    });
  });

  it('say what is missing where a scheduler is named that is not installed', async () => {
    const world = new JobWorld(cluster, await environment.newNamespace());
    world.startOperator(cluster, new KubernetesDiscovery(cluster.transport, systemClock));
    try {
      await world.createJob('job', { scheduling: { gang: 'Volcano' } });
      await until('an event', async () => ((await world.events('job')).length > 0 ? null : 'none yet'));
      assert.deepEqual(await world.pods('job'), []);
      assert.ok((await world.events('job')).includes('Warning ApplyFailed'));
      assert.match(String(world.errors[0]), /apply PodGroup job \(scheduling\.volcano\.sh\/v1beta1\)/);
    } finally {
      await world.stopOperator();
    }
  });
});

describe('devices by claim', () => {
  it('are shared by the roles of a colocated pod, and by no other pod', async () => {
    await addDevices('node-with-devices', 3);
    await stage.inWorld(RUNS_COLOCATED, async (world) => {
      const placement = { mode: 'Colocated', devices: { deviceClassName: CLASS } };
      const roles = Object.fromEntries(SHARED_ROLES.map((role) => [role, { replicas: 2 }]));
      await world.createJob('job', { roles, placement });
      await world.untilCondition('job', 'Running');
      assert.deepEqual((await world.status('job')).roles?.generation, { desired: 2, ready: 2, restarts: 0 });
      const claims = await allocatedClaims(world);
      assert.equal(claims.length, 2);
      assert.equal(new Set(claims).size, 2, `devices ${claims.join(', ')}`);
    });
  });
});
