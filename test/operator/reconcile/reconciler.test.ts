// A job's life as the cluster shows it: a scripted kubelet on one side, the operator on the other.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { CONFIG_MAPS, EVENTS, PODS, SERVICES } from '../../../operator/cluster/cluster.ts';
import { PPO_JOBS } from '../../../operator/reconcile/ppojob-kind.ts';
import { NAMESPACE, WRITER } from '../cluster/fixtures.ts';
import { failedStatus, JOB, JOB_KEY, POD_NAMES, RUNNING, SUCCEEDED, World } from './fixtures.ts';

let world: World;
beforeEach(() => {
  world = new World();
  world.startOperator();
});
afterEach(() => world.stopOperator());

/** Fails a pod and lets its replacement appear. */
async function fail(name: string, exitCode = 1, message = 'boom'): Promise<void> {
  await world.setPodStatus(name, failedStatus(exitCode, message));
  await world.settle();
}

async function eventReasons(): Promise<string[]> {
  return (await world.store.list(EVENTS)).items.map((event) => event.reason);
}

describe('a job starts', () => {
  it('has its configuration, services and pods, all owned by it', async () => {
    await world.createJob();
    assert.deepEqual(await world.podNames(), POD_NAMES);
    const { uid } = (await world.store.get(PPO_JOBS, JOB)).metadata;
    const children = [
      ...(await world.pods()),
      ...(await world.store.list(SERVICES)).items,
      ...(await world.store.list(CONFIG_MAPS)).items,
    ];
    assert.ok(children.length > POD_NAMES.length + 1);
    for (const child of children)
      assert.deepEqual(
        child.metadata.ownerReferences?.map((owner) => owner.uid),
        [uid],
      );
    const status = await world.status();
    assert.equal(status.observedGeneration, 1);
    assert.equal(status.startTime, '2026-01-01T00:00:00Z');
    assert.deepEqual(status.roles?.generation, { desired: 2, ready: 0, restarts: 0 });
    assert.equal(status.restarts, 0);
    assert.equal(status.generationSelector, 'rlhf.dev/job=tiny,rlhf.dev/role=generation');
    const states = status.conditions?.map(({ type, status, reason }) => `${type}=${status} ${reason}`);
    assert.deepEqual(states, ['Scheduled=True PodsCreated', 'Accepted=True Valid', 'Running=False PodsNotReady']);
  });

  it('runs when every pod is ready, and writes nothing more while nothing changes', async () => {
    await world.createJob();
    for (const name of POD_NAMES.slice(1)) await world.setPodStatus(name, RUNNING);
    assert.deepEqual((await world.condition('Running'))?.message, '6 of 7 pods are ready');
    await world.setPodStatus(POD_NAMES[0]!, RUNNING);
    assert.equal((await world.condition('Running'))?.status, 'True');
    assert.deepEqual((await world.status()).roles?.generation, { desired: 2, ready: 2, restarts: 0 });
    const { resourceVersion } = await world.store.list(PPO_JOBS);
    await world.clock.advance(700_000);
    assert.equal((await world.store.list(PPO_JOBS)).resourceVersion, resourceVersion);
    assert.deepEqual(await eventReasons(), ['PodsCreated', 'PodsReady']);
  });

  it('is not started when its spec is wrong, and every problem is listed', async () => {
    await world.createJob({ seed: -1, algorithm: {}, wrong: true });
    assert.deepEqual(await world.podNames(), []);
    assert.deepEqual((await world.store.list(CONFIG_MAPS)).items, []);
    const accepted = await world.condition('Accepted');
    assert.equal(accepted?.status, 'False');
    assert.equal(accepted?.reason, 'Invalid');
    for (const path of ['spec.seed', 'spec.algorithm.numIterations', 'spec.wrong']) {
      assert.ok(accepted?.message.includes(path), `${path} in ${accepted?.message}`);
    }
    assert.deepEqual(await eventReasons(), ['Invalid']);
  });

  it('is not started when its output would hide what it reads', async () => {
    await world.createJob({ output: { path: '../models' } });
    const accepted = await world.condition('Accepted');
    assert.equal(accepted?.status, 'False');
    assert.match(accepted?.message ?? '', /spec\.output\.path.*must not hold models or data/s);
    assert.deepEqual(await world.podNames(), []);
  });

  it('starts once its spec is mended', async () => {
    await world.createJob({ seed: -1 });
    const job = await world.store.get(PPO_JOBS, JOB);
    await world.store.update(PPO_JOBS, { ...job, spec: { ...(job.spec as object), seed: 1 } }, WRITER);
    await world.settle();
    assert.deepEqual(await world.podNames(), POD_NAMES);
    assert.equal((await world.condition('Accepted'))?.status, 'True');
    assert.equal((await world.status()).observedGeneration, 2);
  });

  it('mends children that somebody removed or changed', async () => {
    await world.createJob();
    const [service] = (await world.store.list(SERVICES)).items;
    const [configMap] = (await world.store.list(CONFIG_MAPS)).items;
    await world.store.delete(SERVICES, service!.metadata);
    await world.store.update(CONFIG_MAPS, { ...configMap!, data: { 'job.json': 'edited' } }, WRITER);
    await world.store.delete(PODS, { namespace: NAMESPACE, name: 'tiny-reward-0' });
    await world.settle();
    await world.finishDeletions();
    assert.deepEqual((await world.store.get(SERVICES, service!.metadata)).spec, service!.spec);
    assert.deepEqual((await world.store.get(CONFIG_MAPS, configMap!.metadata)).data, configMap!.data);
    assert.deepEqual(await world.podNames(), POD_NAMES);
    assert.equal(await world.restarts('reward'), 0);
  });
});

describe('a pod dies', () => {
  it('is replaced under its name, and its restart counted once', async () => {
    await world.createJob();
    await world.runAllPods();
    const { uid } = (await world.pod('tiny-generation-1')).metadata;
    await fail('tiny-generation-1', 137, 'killed');
    assert.notEqual((await world.pod('tiny-generation-1')).metadata.uid, uid);
    assert.equal(await world.restarts('generation'), 1);
    const status = await world.status();
    assert.deepEqual(status.lastFailure, {
      pod: 'tiny-generation-1',
      uid,
      exitCode: 137,
      message: 'killed',
      cause: 'Program',
    });
    assert.equal(status.replacing, undefined);
    assert.equal((await world.condition('Running'))?.status, 'False');
    await world.runAllPods();
    assert.equal((await world.condition('Running'))?.status, 'True');
    const events = (await world.store.list(EVENTS)).items.filter((event) => event.reason === 'PodRestarted');
    assert.deepEqual(
      events.map(({ type, message, count }) => `${type} ${count}: ${message}`),
      ['Warning 1: pod tiny-generation-1 failed with exit code 137: killed; restart 1 of at most 2 of role generation'],
    );
  });

  it('is counted once even when the operator ends between counting and replacing', async () => {
    await world.createJob();
    await world.stopOperator();
    // Deletions fail: the operator gets as far as counting, and no further.
    const remove = world.store.delete.bind(world.store);
    world.store.delete = () => Promise.reject(new Error('the network is gone'));
    world.startOperator();
    await fail('tiny-generation-0');
    assert.equal(await world.restarts('generation'), 1);
    assert.equal((await world.status()).replacing?.length, 1);
    await world.stopOperator();
    world.store.delete = remove;
    world.startOperator();
    await world.settle();
    assert.equal(await world.restarts('generation'), 1);
    assert.equal((await world.pod('tiny-generation-0')).status?.phase, 'Pending');
  });

  it('is not replaced before its failure is counted', async () => {
    await world.createJob();
    const updateStatus = world.store.updateStatus.bind(world.store);
    world.store.updateStatus = async (kind, object, options) => {
      if (object.kind === 'PPOJob') throw new Error('the network is gone');
      return updateStatus(kind, object, options);
    };
    const { uid } = (await world.pod('tiny-generation-0')).metadata;
    await fail('tiny-generation-0');
    assert.equal((await world.pod('tiny-generation-0')).metadata.uid, uid);
    world.store.updateStatus = updateStatus;
    await world.clock.advance(60_000);
    assert.notEqual((await world.pod('tiny-generation-0')).metadata.uid, uid);
    assert.equal(await world.restarts('generation'), 1);
  });

  it("fails the job beyond its role's limit, naming the pod and its last words; the others stop", async () => {
    await world.createJob();
    await world.runAllPods();
    await fail('tiny-generation-0');
    await fail('tiny-generation-1');
    assert.equal(await world.restarts('generation'), 2);
    await world.clock.advance(2_000);
    await fail('tiny-generation-0', 3, 'CUDA is out of memory');
    const failed = await world.condition('Failed');
    assert.equal(failed?.status, 'True');
    assert.equal(failed?.reason, 'RestartLimitReached');
    assert.equal(
      failed?.message,
      'pod tiny-generation-0 failed with exit code 3: CUDA is out of memory (2 of 2 restarts of role generation used)',
    );
    assert.equal((await world.condition('Running'))?.status, 'False');
    assert.notEqual((await world.status()).completionTime, undefined);
    const stopped = await world.finishDeletions();
    assert.deepEqual(
      stopped,
      POD_NAMES.filter((name) => name !== 'tiny-generation-0'),
    );
    // The failed one stays for its logs, and nothing is started again.
    assert.deepEqual(await world.podNames(), ['tiny-generation-0']);
    assert.deepEqual((await world.store.list(SERVICES)).items, []);
    assert.equal((await world.status()).lastFailure?.message, 'CUDA is out of memory');
  });

  it('fails the job at once with exit code 78', async () => {
    await world.createJob();
    await fail('tiny-actor-0', 78, 'config.json: model type "gpt5" is not supported');
    const failed = await world.condition('Failed');
    assert.equal(failed?.reason, 'HopelessConfiguration');
    assert.match(failed?.message ?? '', /pod tiny-actor-0 failed with exit code 78: config\.json: .*gpt5/);
    assert.equal(await world.restarts('actor'), 0);
  });

  it("counts a pod that can't be started, and a worker that ends before the job does", async () => {
    await world.createJob();
    const waiting = { reason: 'CreateContainerError', message: 'no such file: node' };
    await world.setPodStatus('tiny-reward-0', {
      phase: 'Pending',
      containerStatuses: [{ name: 'worker', ready: false, restartCount: 0, state: { waiting } }],
    });
    await world.settle();
    assert.equal(await world.restarts('reward'), 1);
    assert.match(
      (await world.status()).lastFailure?.message ?? '',
      /worker can't start: CreateContainerError: no such file/,
    );
    await world.setPodStatus('tiny-critic-0', SUCCEEDED);
    await world.settle();
    assert.equal(await world.restarts('critic'), 1);
  });

  it('shows a pod without a place as not scheduled, without counting it', async () => {
    await world.createJob();
    const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' } as const;
    await world.setPodStatus('tiny-actor-0', { phase: 'Pending', conditions: [condition] });
    const scheduled = await world.condition('Scheduled');
    assert.deepEqual([scheduled?.status, scheduled?.reason], ['False', 'PodsWaiting']);
    assert.equal(scheduled?.message, 'pod tiny-actor-0 has no place: 0/3 nodes');
    assert.equal(await world.restarts('actor'), 0);
    const message = 'x'.repeat(100_000);
    await world.setPodStatus('tiny-actor-0', { phase: 'Pending', conditions: [{ ...condition, message }] });
    assert.equal((await world.condition('Scheduled'))?.message.length, 32_768, 'as long as the API server takes it');
  });
});

describe('a job ends', () => {
  it('succeeds with its coordinator, and stops the workers', async () => {
    await world.createJob();
    await world.runAllPods();
    await world.setPodStatus('tiny-coordinator-0', SUCCEEDED);
    assert.equal((await world.condition('Succeeded'))?.status, 'True');
    assert.equal((await world.condition('Succeeded'))?.reason, 'Finished');
    assert.equal((await world.condition('Running'))?.status, 'False');
    assert.notEqual((await world.status()).completionTime, undefined);
    await world.finishDeletions();
    assert.deepEqual(await world.podNames(), ['tiny-coordinator-0']);
    assert.deepEqual(world.progress.followed, new Map());
    const before = await world.status();
    await world.stopOperator();
    world.startOperator();
    await world.settle();
    assert.deepEqual(await world.status(), before);
    assert.deepEqual(await world.podNames(), ['tiny-coordinator-0']);
  });

  it('fails when it takes longer than its deadline', async () => {
    await world.createJob({ activeDeadlineSeconds: 60 });
    await world.runAllPods();
    await world.clock.advance(58_000);
    assert.equal(await world.condition('Failed'), undefined);
    await world.clock.advance(3_000);
    assert.equal((await world.condition('Failed'))?.reason, 'DeadlineExceeded');
    await world.finishDeletions();
    assert.deepEqual(await world.pods(), []);
  });

  it('takes its children along when it is deleted', async () => {
    await world.createJob();
    await world.runAllPods();
    await world.store.delete(PPO_JOBS, JOB);
    await world.settle();
    assert.deepEqual(await world.finishDeletions(), POD_NAMES);
    assert.deepEqual(await world.pods(), []);
    assert.deepEqual((await world.store.list(SERVICES)).items, []);
    assert.deepEqual((await world.store.list(CONFIG_MAPS)).items, []);
    assert.deepEqual(world.progress.followed, new Map());
  });

  it('may be created again while pods of its predecessor still stop', async () => {
    await world.createJob();
    await world.runAllPods();
    await world.store.delete(PPO_JOBS, JOB);
    await world.createJob();
    assert.deepEqual(await world.podNames(), []);
    assert.equal((await world.condition('Scheduled'))?.message, '0 of 7 pods exist');
    await world.finishDeletions();
    await world.clock.advance(60_000);
    assert.deepEqual(await world.podNames(), POD_NAMES);
    assert.deepEqual(world.errors, []);
  });
});

describe('a job is suspended', () => {
  async function setSuspend(suspend: boolean): Promise<void> {
    const job = await world.store.get(PPO_JOBS, JOB);
    await world.store.update(PPO_JOBS, { ...job, spec: { ...(job.spec as object), suspend } }, WRITER);
    await world.settle();
  }

  it('gives its pods up and gets them back', async () => {
    await world.createJob();
    await world.runAllPods();
    await setSuspend(true);
    const stopping = await world.condition('Suspended');
    assert.deepEqual([stopping?.status, stopping?.reason], ['False', 'PodsStopping']);
    await world.finishDeletions();
    assert.equal((await world.condition('Suspended'))?.status, 'True');
    assert.equal((await world.status()).startTime, undefined);
    assert.deepEqual(await world.pods(), []);
    await setSuspend(false);
    assert.equal((await world.condition('Suspended'))?.reason, 'Resumed');
    assert.deepEqual(await world.podNames(), POD_NAMES);
    assert.equal(await world.restarts('actor'), 0);
  });

  it('keeps no pod that has ended, and counts none', async () => {
    await world.createJob();
    await world.stopOperator();
    await fail('tiny-actor-0', 78);
    await setSuspend(true);
    world.startOperator();
    await world.settle();
    await world.finishDeletions();
    assert.deepEqual(await world.pods(), []);
    assert.equal(await world.condition('Failed'), undefined);
    assert.equal(await world.restarts('actor'), 0);
  });
});

describe('progress', () => {
  it('is asked of the running coordinator and written into the status', async () => {
    await world.createJob();
    assert.deepEqual(world.progress.followed, new Map());
    await world.setPodStatus('tiny-coordinator-0', RUNNING);
    assert.deepEqual(world.progress.followed, new Map([[JOB_KEY, '127.9.9.9:7000']]));
    const progress = {
      ...{ phase: 'Training', iteration: 2, numIterations: 4, policyVersion: 2, elapsedSeconds: 9, tokens: 100 },
      ...{ tokensPerSecond: '50', maxLogprobDifference: '1e-6', lastCheckpointIteration: 0 },
      metrics: { 'rollout/score': '0.5' },
    };
    world.progress.set(progress);
    await world.settle();
    assert.deepEqual((await world.status()).progress, progress);
    await world.changeSpec({ suspend: true });
    await world.finishDeletions();
    assert.deepEqual(world.progress.followed, new Map(), "another pod may have the coordinator's address by now");
    assert.deepEqual((await world.status()).progress, progress);
  });
});
