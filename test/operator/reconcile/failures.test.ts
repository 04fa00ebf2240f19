// What follows from failures, as the cluster shows it: a scripted kubelet on one side, the operator on the other.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { EVENTS, PODS } from '../../../operator/cluster/cluster.ts';
import type { PodStatus } from '../../../operator/cluster/objects.ts';
import { disrupted, unschedulable, waiting } from './builders.ts';
import { failedStatus, POD_NAMES, RUNNING, World } from './fixtures.ts';

let world: World;
beforeEach(() => {
  world = new World();
  world.startOperator();
});
afterEach(() => world.stopOperator());

const RANKS = { roles: { actor: { replicas: 3 }, critic: { replicas: 3 }, generation: { replicas: 2 } } };
const TRAINING = { training: { minibatchSize: 6, microbatchSize: 1 }, rollout: { batchSize: 6 } };
const ACTORS = ['tiny-actor-0', 'tiny-actor-1', 'tiny-actor-2'];

async function uidsOf(names: readonly string[]): Promise<string[]> {
  return Promise.all(names.map(async (name) => (await world.pod(name)).metadata.uid));
}

async function fail(name: string, status: PodStatus = failedStatus(1, 'boom')): Promise<void> {
  await world.setPodStatus(name, status);
  await world.settle();
}

async function messagesOf(reason: string): Promise<string[]> {
  return (await world.store.list(EVENTS)).items
    .filter((event) => event.reason === reason)
    .map(({ message }) => message);
}

async function failure(): Promise<string> {
  const condition = await world.condition('Failed');
  return `${condition?.status} ${condition?.reason}: ${condition?.message}`;
}

describe('ranks', () => {
  it('are replaced together when one fails, none before all have gone, and counted once', async () => {
    await world.createJob({ ...RANKS, ...TRAINING });
    await world.runAllPods();
    const before = await uidsOf(ACTORS);
    const others = await uidsOf(['tiny-critic-0', 'tiny-generation-0', 'tiny-coordinator-0']);
    await fail('tiny-actor-1');
    // The failed one has gone already; the others stop.
    assert.deepEqual(await world.finishDeletions(), ['tiny-actor-0', 'tiny-actor-2']);
    const after = await uidsOf(ACTORS);
    assert.deepEqual(
      after.filter((uid) => before.includes(uid)),
      [],
    );
    assert.deepEqual(await uidsOf(['tiny-critic-0', 'tiny-generation-0', 'tiny-coordinator-0']), others);
    assert.equal(await world.restarts('actor'), 1);
    assert.deepEqual(await messagesOf('RoleRestarted'), [
      'pod tiny-actor-1 failed with exit code 1: boom; all pods of role actor are replaced; ' +
        'restart 1 of at most 3 of role actor',
    ]);
  });

  it('are not made while one of those before still stops', async () => {
    await world.createJob({ ...RANKS, ...TRAINING });
    await world.runAllPods();
    await fail('tiny-actor-1');
    assert.deepEqual(
      (await world.pods()).map(({ metadata }) => metadata.name).filter((name) => name.includes('actor')),
      [...['tiny-actor-0', 'tiny-actor-2']],
    );
    await world.store.delete(PODS, (await world.pod('tiny-actor-0')).metadata, { gracePeriodSeconds: 0 });
    await world.settle();
    assert.equal((await world.podNames()).filter((name) => name.includes('actor')).length, 0);
    await world.finishDeletions();
    assert.equal((await world.podNames()).filter((name) => name.includes('actor')).length, 3);
  });

  it('that are missing are not made while those that failed meanwhile are to go', async () => {
    await world.createJob({ ...RANKS, ...TRAINING });
    await world.runAllPods();
    await world.stopOperator();
    await world.store.delete(PODS, (await world.pod('tiny-actor-2')).metadata, { gracePeriodSeconds: 0 });
    await fail('tiny-actor-1');
    world.startOperator();
    await world.settle();
    const ranks = (await world.pods()).map(({ metadata }) => metadata.name).filter((name) => name.includes('actor'));
    assert.deepEqual(ranks, ['tiny-actor-0']);
    await world.finishDeletions();
    assert.equal((await world.podNames()).filter((name) => name.includes('actor')).length, 3);
  });

  it('that fail because another one did are not counted again, nor after the operator was replaced', async () => {
    await world.createJob({ ...RANKS, ...TRAINING });
    await world.runAllPods();
    const remove = world.store.delete.bind(world.store);
    world.store.delete = () => Promise.reject(new Error('the network is gone'));
    await fail('tiny-actor-1');
    await fail('tiny-actor-0');
    await world.stopOperator();
    world.store.delete = remove;
    world.startOperator();
    await fail('tiny-actor-2');
    await world.clock.advance(5_000);
    await world.finishDeletions();
    assert.equal(await world.restarts('actor'), 1);
    assert.deepEqual(
      (await world.podNames()).filter((name) => name.includes('actor')),
      ACTORS,
    );
    assert.equal((await world.status()).replacing, undefined);
  });
});

describe('a pod that is taken away', () => {
  it('is counted apart, towards no limit', async () => {
    await world.createJob({ roles: { actor: { maxRestarts: 0 } } });
    await world.runAllPods();
    await fail('tiny-actor-0', { phase: 'Failed', reason: 'Evicted', message: 'The node was low on memory.' });
    const status = await world.status();
    assert.equal(await world.condition('Failed'), undefined);
    assert.deepEqual([status.restarts, status.infrastructureRestarts], [0, 1]);
    assert.deepEqual([status.roles?.actor?.restarts, status.roles?.actor?.infrastructureRestarts], [0, 1]);
    assert.equal(status.lastFailure?.cause, 'Infrastructure');
    assert.deepEqual(
      await world.podNames(),
      POD_NAMES.filter((name) => name !== 'tiny-generation-1'),
    );
    assert.deepEqual(await messagesOf('PodRestarted'), [
      'pod tiny-actor-0 failed: The node was low on memory.; it was taken away, which counts towards no limit',
    ]);
  });

  it('is counted when it is deleted with the condition that says so, once', async () => {
    await world.createJob();
    await world.runAllPods();
    await world.setPodStatus('tiny-reward-0', { ...RUNNING, conditions: [disrupted('EvictionByEvictionAPI')] });
    await world.store.delete(PODS, (await world.pod('tiny-reward-0')).metadata);
    await world.settle();
    await world.settle();
    assert.equal((await world.status()).roles?.reward?.infrastructureRestarts, 1);
    await world.finishDeletions();
    assert.deepEqual(await world.podNames(), POD_NAMES);
    assert.equal((await world.status()).roles?.reward?.infrastructureRestarts, 1);
  });

  it('does not blame the coordinator that waited for it in vain', async () => {
    await world.createJob({ roles: { coordinator: { maxRestarts: 0 } } });
    await world.setPodStatus('tiny-coordinator-0', RUNNING);
    await fail('tiny-coordinator-0', failedStatus(1, 'not every worker registered within 300 s; missing: actor-0'));
    assert.equal(await world.condition('Failed'), undefined);
    assert.equal((await world.status()).roles?.coordinator?.infrastructureRestarts, 1);
    await world.runAllPods();
    await fail('tiny-coordinator-0');
    assert.match(await failure(), /RestartLimitReached/);
  });

  it('is removed by force where its node never says that it stopped', async () => {
    await world.createJob();
    await world.runAllPods();
    const { uid } = (await world.pod('tiny-actor-0')).metadata;
    await world.setPodStatus('tiny-actor-0', { ...RUNNING, conditions: [disrupted('DeletionByTaintManager')] });
    await world.store.delete(PODS, (await world.pod('tiny-actor-0')).metadata);
    await world.clock.advance(290_000);
    assert.equal((await world.pod('tiny-actor-0')).metadata.uid, uid);
    await world.clock.advance(50_000);
    assert.notEqual((await world.pod('tiny-actor-0')).metadata.uid, uid);
    assert.equal((await messagesOf('PodAbandoned')).length, 1);
  });
});

describe('failures in a row', () => {
  it('are replaced after a wait that doubles', async () => {
    await world.createJob({ roles: { reward: { maxRestarts: 9 } } });
    const waits: number[] = [];
    for (let i = 0; i < 4; i++) {
      await fail('tiny-reward-0');
      let seconds = 0;
      for (; !(await world.podNames()).includes('tiny-reward-0'); seconds++) await world.clock.advance(1_000);
      waits.push(seconds);
    }
    assert.deepEqual(waits, [0, 1, 2, 4]);
    assert.equal((await world.status()).roles?.reward?.backoff?.seconds, 4);
  });
});

describe('a job that cannot start', () => {
  it('fails soon for an image that is not there', async () => {
    await world.createJob({ failurePolicy: { unstartableSeconds: 30 } });
    await world.setPodStatus('tiny-actor-0', waiting('ErrImagePull', 'manifest unknown'));
    await world.clock.advance(20_000);
    await world.setPodStatus('tiny-actor-0', waiting('ImagePullBackOff', 'Back-off pulling image "a:b"'));
    assert.equal(await world.condition('Failed'), undefined);
    await world.clock.advance(12_000);
    assert.equal(
      await failure(),
      "True ImageUnavailable: pod tiny-actor-0 failed: container worker can't start: ImagePullBackOff: " +
        'Back-off pulling image "a:b" (a restart would not help)',
    );
    assert.equal((await world.status()).unstartable, undefined);
    await world.finishDeletions();
    assert.deepEqual(await world.pods(), []);
  });

  it('goes on when the image arrives after all', async () => {
    await world.createJob({ failurePolicy: { unstartableSeconds: 30 } });
    await world.setPodStatus('tiny-actor-0', waiting('ErrImagePull'));
    assert.equal((await world.status()).unstartable?.pod, 'tiny-actor-0');
    await world.clock.advance(20_000);
    await world.runAllPods();
    await world.clock.advance(60_000);
    assert.equal((await world.condition('Running'))?.status, 'True');
    assert.equal((await world.status()).unstartable, undefined);
  });

  it('fails when no node has room for too long, with the words of the scheduler', async () => {
    await world.createJob({ failurePolicy: { unschedulableSeconds: 600 } });
    await world.setPodStatus('tiny-actor-0', unschedulable());
    await world.clock.advance(590_000);
    assert.equal(await world.condition('Failed'), undefined);
    await world.clock.advance(10_000);
    assert.match(
      await failure(),
      /^True Unschedulable: pod tiny-actor-0 failed: no node has had room for it for 600 s: 0\/3/,
    );
  });

  it('fails for a sidecar that ends at each start, and does not wait for its worker for ever', async () => {
    await world.createJob({ roles: { actor: { maxRestarts: 1 } } });
    const [worker] = waiting('PodInitializing').containerStatuses!;
    const terminated = { exitCode: 1, reason: 'Error', message: 'no shared memory' };
    const sidecar = { ...worker!, name: 'communicator', restartCount: 3, lastState: { terminated } };
    const state = { waiting: { reason: 'CrashLoopBackOff' } };
    const status: PodStatus = { phase: 'Pending', initContainerStatuses: [{ ...sidecar, state }] };
    await fail('tiny-actor-0', status);
    await world.finishDeletions();
    assert.equal(await world.restarts('actor'), 1);
    await fail('tiny-actor-0', status);
    assert.match(
      await failure(),
      /RestartLimitReached: pod tiny-actor-0 failed with exit code 1: container communicator/,
    );
  });

  it('fails at once for a command that is not in the image', async () => {
    await world.createJob();
    await fail('tiny-critic-0', failedStatus(127, 'sh: node: not found'));
    assert.match(await failure(), /^True CommandNotRunnable: pod tiny-critic-0 failed with exit code 127/);
  });
});

describe('rules', () => {
  const withRules = (...rules: object[]) => ({ failurePolicy: { rules } });

  it('restart the whole job, which has its own count', async () => {
    await world.createJob({ ...withRules({ exitCodes: [9], action: 'RestartJob' }), backoffLimit: 1 });
    await world.runAllPods();
    const before = await uidsOf(POD_NAMES);
    await fail('tiny-critic-0', failedStatus(9, 'deadlock'));
    assert.equal((await world.finishDeletions()).length, POD_NAMES.length - 1);
    const after = await uidsOf(POD_NAMES);
    assert.deepEqual(
      after.filter((uid) => before.includes(uid)),
      [],
    );
    const status = await world.status();
    assert.deepEqual([status.jobRestarts, status.restarts, status.roles?.critic?.restarts], [1, 1, 0]);
    assert.deepEqual(await messagesOf('JobRestarted'), [
      'pod tiny-critic-0 failed with exit code 9: deadlock; all pods are replaced; restart 1 of at most 1 of the job',
    ]);
    await world.runAllPods();
    await fail('tiny-reward-0');
    assert.equal(
      await failure(),
      'True BackoffLimitExceeded: pod tiny-reward-0 failed with exit code 1: boom (1 of 1 restarts of the job used)',
    );
  });

  it('end the job, and say which one did', async () => {
    await world.createJob(withRules({ action: 'Ignore', exitCodes: [8] }, { action: 'FailJob', roles: ['reward'] }));
    await fail('tiny-reward-0');
    assert.equal(
      await failure(),
      'True FailurePolicy: pod tiny-reward-0 failed with exit code 1: boom (failurePolicy.rules[1] ends the job)',
    );
  });

  it('ignore failures, but replace the pod and count it apart', async () => {
    await world.createJob({ ...withRules({ action: 'Ignore' }), backoffLimit: 0 });
    const { uid } = (await world.pod('tiny-reward-0')).metadata;
    await fail('tiny-reward-0', failedStatus(78, 'hopeless'));
    assert.notEqual((await world.pod('tiny-reward-0')).metadata.uid, uid);
    const status = await world.status();
    assert.deepEqual([status.restarts, status.infrastructureRestarts, status.ignoredRestarts], [0, undefined, 1]);
    assert.equal(status.roles?.reward?.ignoredRestarts, 1);
    assert.equal(await world.condition('Failed'), undefined);
  });

  it('may change while the job runs', async () => {
    await world.createJob();
    await world.changeSpec(withRules({ action: 'FailJob' }));
    await fail('tiny-generation-0');
    assert.match(await failure(), /FailurePolicy/);
  });
});
