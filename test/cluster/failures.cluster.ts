// What follows from failures on a real API server and scheduler: pods that are evicted, preempted, without a node, without
// an image; ranks that fail; rules that change while the job runs; and what is left of a job after its time.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LABELS } from '../../operator/api/names.ts';
import { CONFIG_MAPS, PODS } from '../../operator/cluster/cluster.ts';
import type { Pod, PodStatus } from '../../operator/cluster/objects.ts';
import { startOwnEnvironment } from './environment.ts';
import { JobWorld, until } from './job-world.ts';
import { TestNode } from './nodes.ts';
import { ended, PlayedKubelet, type PodScript, RUNNING } from './played-kubelet.ts';

const environment = await startOwnEnvironment();
const { cluster, plane } = environment;
const { transport } = cluster;
const node = await TestNode.start({ cluster, network: plane.network, name: 'node-a', processes: null });
environment.beforeClose(() => node.stop(0));

const roleOf = (pod: Pod): string => pod.metadata.labels?.[LABELS.role] ?? '';
const RUNS: PodScript = () => RUNNING;

async function inWorld(script: PodScript, body: (world: JobWorld) => Promise<void>): Promise<void> {
  const world = new JobWorld(cluster, await environment.newNamespace());
  const kubelet = new PlayedKubelet({ cluster, script, namespace: world.namespace });
  world.startOperator();
  try {
    await body(world);
    assert.deepEqual([...kubelet.errors, ...world.errors], []);
  } finally {
    await world.stopOperator();
    await kubelet.stop();
  }
}

function post(path: string, body: object): Promise<unknown> {
  return transport.request({ method: 'POST', path, subject: { title: path, name: null }, body });
}

async function uidOf(world: JobWorld, name: string): Promise<string> {
  return (await cluster.get(PODS, { namespace: world.namespace, name })).metadata.uid;
}

async function untilReplaced(world: JobWorld, name: string, before: string): Promise<void> {
  await until(`${name} is replaced`, async () => {
    const pods = await world.pods('tiny');
    const pod = pods.find(({ metadata }) => metadata.name === name);
    return pod !== undefined && pod.metadata.uid !== before ? null : pods.map(({ metadata }) => metadata.name);
  });
}

async function failureOf(world: JobWorld): Promise<string> {
  await world.untilCondition('tiny', 'Failed');
  const failed = (await world.status('tiny')).conditions?.find(({ type }) => type === 'Failed');
  return `${failed?.reason}: ${failed?.message}`;
}

describe('a pod that is taken away', { concurrency: 2 }, () => {
  it('by an eviction is replaced, and counted apart', async () => {
    await inWorld(RUNS, async (world) => {
      await world.createJob('tiny', { roles: { reward: { maxRestarts: 0 } } });
      await world.untilCondition('tiny', 'Running');
      const name = 'tiny-reward-0';
      const before = await uidOf(world, name);
      const metadata = { name, namespace: world.namespace };
      const path = `/api/v1/namespaces/${world.namespace}/pods/${name}/eviction`;
      await post(path, { apiVersion: 'policy/v1', kind: 'Eviction', metadata });
      await untilReplaced(world, name, before);
      await world.untilCondition('tiny', 'Running');
      const { roles, restarts, infrastructureRestarts, lastFailure } = await world.status('tiny');
      assert.deepEqual([restarts, infrastructureRestarts, roles?.reward?.infrastructureRestarts], [0, 1, 1]);
      assert.deepEqual([lastFailure?.cause, lastFailure?.uid], ['Infrastructure', before]);
    });
  });

  it('by a pod of higher priority waits for room, and comes back', async () => {
    await inWorld(RUNS, async (world) => {
      const resources = { requests: { cpu: '40' } };
      await world.createJob('tiny', { roles: { reward: { maxRestarts: 0, resources } } });
      await world.untilCondition('tiny', 'Running');
      const priorityClassName = `urgent-${world.namespace}`;
      const priority = { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', value: 1000 };
      await post('/apis/scheduling.k8s.io/v1/priorityclasses', { ...priority, metadata: { name: priorityClassName } });
      const metadata = { name: 'urgent', namespace: world.namespace };
      const container = { name: 'worker', image: 'image', resources };
      const spec = { priorityClassName, containers: [container], terminationGracePeriodSeconds: 0 };
      const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec };
      const before = await uidOf(world, 'tiny-reward-0');
      await cluster.create(PODS, pod, { fieldManager: 'test' });
      await untilReplaced(world, 'tiny-reward-0', before);
      await world.untilCondition('tiny', 'Scheduled', 'False');
      const scheduled = (await world.status('tiny')).conditions?.find(({ type }) => type === 'Scheduled');
      assert.match(scheduled?.message ?? '', /tiny-reward-0|pods exist/);
      await cluster.delete(PODS, metadata);
      await world.untilCondition('tiny', 'Running');
      const { restarts, roles } = await world.status('tiny');
      assert.deepEqual([restarts, roles?.reward?.infrastructureRestarts], [0, 1]);
    });
  });
});

describe('a job that cannot start', { concurrency: 2 }, () => {
  it('fails in the words of the scheduler when no node has room', async () => {
    await inWorld(RUNS, async (world) => {
      const actor = { resources: { limits: { 'nvidia.com/gpu': 1 } } };
      await world.createJob('tiny', { roles: { actor }, failurePolicy: { unschedulableSeconds: 2 } });
      assert.match(
        await failureOf(world),
        /^Unschedulable: pod tiny-actor-0 failed: no node has had room for it for 2 s: .*Insufficient nvidia\.com\/gpu/,
      );
    });
  });

  it('fails when an image is not there', async () => {
    const script: PodScript = (pod) => (roleOf(pod) === 'actor' ? null : RUNNING);
    await inWorld(script, async (world) => {
      await world.createJob('tiny', { failurePolicy: { unstartableSeconds: 1 } });
      await until('the actor has a node', async () => {
        const actor = (await world.pods('tiny')).find((pod) => roleOf(pod) === 'actor');
        if (actor?.spec.nodeName === undefined) return actor ?? 'no pod';
        const state = { waiting: { reason: 'ErrImagePull', message: 'manifest unknown' } };
        const worker = { name: 'worker', ready: false, restartCount: 0, image: 'i', imageID: '', state };
        const status: PodStatus = { ...actor.status, phase: 'Pending', containerStatuses: [worker] };
        await cluster.updateStatus(PODS, { ...actor, status }, { fieldManager: 'test' });
        return null;
      });
      assert.match(
        await failureOf(world),
        /^ImageUnavailable: pod tiny-actor-0 failed: .*ErrImagePull: manifest unknown/,
      );
    });
  });
});

describe('the failure policy', { concurrency: 2 }, () => {
  it('replaces all ranks together when one fails', async () => {
    let failing: string | null = null;
    const script: PodScript = ({ metadata }) => (metadata.uid === failing ? ended(1, 'NaN in the gradients') : RUNNING);
    await inWorld(script, async (world) => {
      const ranks = { actor: { replicas: 3 }, critic: { replicas: 3 } };
      const training = { minibatchSize: 6, microbatchSize: 1 };
      await world.createJob('tiny', { roles: ranks, training, rollout: { batchSize: 6 } });
      const names = ['tiny-actor-0', 'tiny-actor-1', 'tiny-actor-2'];
      await until('the ranks exist', async () => ((await world.pods('tiny')).length >= 9 ? null : 'not yet'));
      const before = await Promise.all(names.map((name) => uidOf(world, name)));
      const critic = await uidOf(world, 'tiny-critic-0');
      failing = before[1]!;
      for (const [index, name] of names.entries()) await untilReplaced(world, name, before[index]!);
      await world.untilCondition('tiny', 'Running');
      const { roles } = await world.status('tiny');
      assert.equal(roles?.actor?.restarts, 1);
      assert.equal(await uidOf(world, 'tiny-critic-0'), critic);
      await until('the event', async () => {
        const events = await world.events('tiny');
        return events.includes('Warning RoleRestarted') ? null : events;
      });
    });
  });

  it('may change while the job runs, and decides on the next failure', async () => {
    let isBroken = false;
    const script: PodScript = (pod) => (isBroken && roleOf(pod) === 'critic' ? ended(3, 'diverged') : RUNNING);
    await inWorld(script, async (world) => {
      await world.createJob('tiny');
      await world.untilCondition('tiny', 'Running');
      const rules = [{ roles: ['critic'], exitCodes: [3], action: 'FailJob' }];
      await world.changeSpec('tiny', { failurePolicy: { rules }, backoffLimit: 5, cleanPodPolicy: 'All' });
      await until('the change is seen', async () => {
        const { observedGeneration } = await world.status('tiny');
        return observedGeneration === 2 ? null : observedGeneration;
      });
      isBroken = true;
      assert.match(await failureOf(world), /^FailurePolicy: pod tiny-critic-0 failed with exit code 3: diverged/);
      await until('all pods are gone', async () => {
        const pods = await world.pods('tiny');
        return pods.length === 0 ? null : pods.map(({ metadata }) => metadata.name);
      });
    });
  });
});

it('a job goes with its namespace, without a word', async () => {
  await inWorld(RUNS, async (world) => {
    await world.createJob('tiny');
    await world.untilCondition('tiny', 'Running');
    const path = `/api/v1/namespaces/${world.namespace}`;
    await transport.request({ method: 'DELETE', path, subject: { title: path, name: null } });
    await until('the job is gone', async () => ((await world.isGone('tiny')) ? null : await world.status('tiny')));
    await until('its pods are gone', async () => ((await world.pods('tiny')).length === 0 ? null : 'they are there'));
  });
});

it('a job is deleted with its children after its time to live', async () => {
  const script: PodScript = (pod, ageMs) => (roleOf(pod) === 'coordinator' && ageMs > 300 ? ended(0) : RUNNING);
  await inWorld(script, async (world) => {
    await world.createJob('tiny', { ttlSecondsAfterFinished: 2 });
    // It may go between two looks at it.
    await until('the job is gone', async () => ((await world.isGone('tiny')) ? null : 'it is there'));
    assert.ok((await world.events('tiny')).includes('Normal Finished'));
    const children = [
      ...(await world.pods('tiny')),
      ...(await cluster.list(CONFIG_MAPS, { namespace: world.namespace, labels: { [LABELS.job]: 'tiny' } })).items,
    ];
    assert.deepEqual(
      children.map(({ metadata }) => metadata.name),
      [],
    );
  });
});
