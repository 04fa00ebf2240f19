// Suspension, changes while the job runs, and what is left after its end.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { CONFIG_MAPS, EVENTS, SERVICES } from '../../../operator/cluster/cluster.ts';
import { NotFoundError } from '../../../operator/cluster/errors.ts';
import { PPO_JOBS } from '../../../operator/reconcile/ppojob-kind.ts';
import { failedStatus, JOB, POD_NAMES, RUNNING, SUCCEEDED, World } from './fixtures.ts';

let world: World;
beforeEach(() => {
  world = new World();
  world.startOperator();
});
afterEach(() => world.stopOperator());

const CHECKPOINTED = {
  ...{ phase: 'Training', iteration: 12, numIterations: 20, policyVersion: 12, elapsedSeconds: 9, tokens: 100 },
  ...{ tokensPerSecond: '50', maxLogprobDifference: '1e-6', lastCheckpointIteration: 10 },
};

describe('a suspended job', () => {
  it('made so has no pods until it is resumed', async () => {
    await world.createJob({ suspend: true });
    assert.deepEqual(await world.pods(), []);
    const suspended = await world.condition('Suspended');
    assert.deepEqual([suspended?.status, suspended?.reason], ['True', 'Suspended']);
    assert.match(suspended?.message ?? '', /to resume from the start: it has no checkpoint/);
    assert.equal((await world.status()).startTime, undefined);
    await world.changeSpec({ suspend: false });
    assert.deepEqual(await world.podNames(), POD_NAMES);
  });

  it('says from where it will go on', async () => {
    await world.createJob();
    await world.runAllPods();
    world.progress.set(CHECKPOINTED);
    await world.settle();
    await world.changeSpec({ suspend: true });
    await world.finishDeletions();
    assert.match((await world.condition('Suspended'))?.message ?? '', /from the checkpoint of iteration 10/);
  });

  it('resumed while its pods still stop waits for the last one', async () => {
    await world.createJob();
    await world.runAllPods();
    await world.changeSpec({ suspend: true });
    await world.changeSpec({ suspend: false });
    assert.deepEqual(await world.podNames(), []);
    assert.deepEqual(await world.finishDeletions(), POD_NAMES);
    assert.deepEqual(await world.podNames(), POD_NAMES);
  });

  it('keeps its counts, forgets its back-offs, and starts its deadline anew', async () => {
    await world.createJob({ activeDeadlineSeconds: 100 });
    await world.runAllPods();
    await world.clock.advance(90_000);
    await world.setPodStatus('tiny-reward-0', failedStatus(1, 'boom'));
    await world.settle();
    await world.changeSpec({ suspend: true });
    await world.finishDeletions();
    assert.deepEqual((await world.status()).roles?.reward, { desired: 1, ready: 0, restarts: 1 });
    await world.clock.advance(1_000_000);
    await world.changeSpec({ suspend: false });
    await world.clock.advance(90_000);
    assert.equal(await world.condition('Failed'), undefined);
    await world.clock.advance(11_000);
    assert.equal((await world.condition('Failed'))?.reason, 'DeadlineExceeded');
  });

  it('resumed before its pods could be deleted counts no failure twice', async () => {
    await world.createJob();
    await world.runAllPods();
    const remove = world.store.delete.bind(world.store);
    world.store.delete = () => Promise.reject(new Error('the network is gone'));
    await world.setPodStatus('tiny-reward-0', failedStatus(1, 'boom'));
    await world.changeSpec({ suspend: true });
    await world.changeSpec({ suspend: false });
    world.store.delete = remove;
    await world.clock.advance(60_000);
    assert.deepEqual(await world.podNames(), POD_NAMES);
    assert.equal(await world.restarts('reward'), 1);
  });

  it('stops its pods in their own time, whatever the clock of the operator says', async () => {
    await world.createJob();
    await world.runAllPods();
    await world.changeSpec({ suspend: true });
    world.clock.set(3_600_000);
    await world.setPodStatus('tiny-actor-0', { ...RUNNING, conditions: [] });
    assert.deepEqual(await world.finishDeletions(), POD_NAMES);
  });

  it('may be deleted', async () => {
    await world.createJob({ suspend: true });
    await world.store.delete(PPO_JOBS, JOB);
    await world.settle();
    assert.deepEqual((await world.store.list(CONFIG_MAPS)).items, []);
  });
});

describe('a running job', () => {
  it('gets and loses generation replicas, and nothing else changes', async () => {
    await world.createJob();
    await world.runAllPods();
    const uid = (await world.pod('tiny-generation-0')).metadata.uid;
    const roles = (replicas: number) => ({ roles: { generation: { replicas, maxRestarts: 2 } } });
    await world.changeSpec(roles(4));
    assert.deepEqual(await world.podNames(), [...POD_NAMES, 'tiny-generation-2', 'tiny-generation-3'].sort());
    const [configMap] = (await world.store.list(CONFIG_MAPS)).items;
    assert.match(configMap?.data?.['job.json'] ?? '', /"generation": \{\s*"replicas": 4/);
    await world.changeSpec(roles(1));
    assert.deepEqual(await world.finishDeletions(), ['tiny-generation-1', 'tiny-generation-2', 'tiny-generation-3']);
    assert.equal((await world.pod('tiny-generation-0')).metadata.uid, uid);
    assert.deepEqual((await world.status()).roles?.generation, { desired: 1, ready: 1, restarts: 0 });
  });

  it('does not count the failure of a replica that is no longer wanted', async () => {
    await world.createJob();
    await world.stopOperator();
    await world.setPodStatus('tiny-generation-1', failedStatus(78, 'hopeless'));
    await world.changeSpec({ roles: { generation: { replicas: 1 } } });
    world.startOperator();
    await world.settle();
    assert.equal(await world.condition('Failed'), undefined);
    assert.equal((await world.podNames()).includes('tiny-generation-1'), false);
    assert.equal(await world.restarts('generation'), 0);
  });

  it('takes a deadline that is set later, and more restarts', async () => {
    await world.createJob({ roles: { reward: { maxRestarts: 0 } } });
    await world.changeSpec({ roles: { reward: { maxRestarts: 1 } } });
    await world.setPodStatus('tiny-reward-0', failedStatus(1, 'boom'));
    assert.equal(await world.condition('Failed'), undefined);
    await world.changeSpec({ activeDeadlineSeconds: 1 });
    await world.clock.advance(2_000);
    assert.equal((await world.condition('Failed'))?.reason, 'DeadlineExceeded');
  });
});

describe('a job that is over', () => {
  async function end(spec: Record<string, unknown>): Promise<void> {
    await world.createJob(spec);
    await world.runAllPods();
    await world.setPodStatus('tiny-coordinator-0', SUCCEEDED);
    await world.settle();
    await world.finishDeletions();
  }

  for (const [policy, left] of [
    ['None', POD_NAMES],
    ['Running', ['tiny-coordinator-0']],
    ['All', []],
  ] as const) {
    it(`keeps its pods as cleanPodPolicy ${policy} says`, async () => {
      await end({ cleanPodPolicy: policy });
      assert.deepEqual(await world.podNames(), left);
      assert.equal((await world.condition('Succeeded'))?.status, 'True');
      assert.deepEqual((await world.store.list(SERVICES)).items, []);
    });
  }

  for (const status of [SUCCEEDED, failedStatus(78, 'hopeless')]) {
    it(`keeps the pod that shows how it ended until that is written (${status.phase})`, async () => {
      await world.createJob({ cleanPodPolicy: 'All' });
      await world.runAllPods();
      const updateStatus = world.store.updateStatus.bind(world.store);
      world.store.updateStatus = async (kind, object, options) => {
        if (object.kind === 'PPOJob') throw new Error('the network is gone');
        return updateStatus(kind, object, options);
      };
      await world.setPodStatus('tiny-coordinator-0', status);
      await world.clock.advance(1_000);
      assert.deepEqual(await world.podNames(), POD_NAMES);
      world.store.updateStatus = updateStatus;
      await world.clock.advance(60_000);
      await world.finishDeletions();
      assert.equal((await world.condition(status.phase))?.status, 'True');
      assert.deepEqual(await world.pods(), []);
    });
  }

  it('has finished when its coordinator has, whatever others have put into its pod', async () => {
    await world.createJob();
    await world.runAllPods();
    const [worker] = SUCCEEDED.containerStatuses!;
    const proxy = { name: 'proxy', ready: true, restartCount: 0, state: { running: {} } };
    await world.setPodStatus('tiny-coordinator-0', { ...RUNNING, containerStatuses: [worker!, proxy] });
    assert.equal((await world.condition('Succeeded'))?.status, 'True');
  });

  it('is deleted after its time to live, its children first', async () => {
    await end({ ttlSecondsAfterFinished: 60 });
    await world.clock.advance(50_000);
    assert.equal((await world.condition('Succeeded'))?.status, 'True');
    await world.clock.advance(11_000);
    await world.settle();
    await assert.rejects(world.store.get(PPO_JOBS, JOB), NotFoundError);
    assert.deepEqual(await world.pods(), []);
    assert.deepEqual((await world.store.list(CONFIG_MAPS)).items, []);
    assert.deepEqual(world.errors, []);
  });

  it('lives on where its time to live was taken back', async () => {
    await end({ ttlSecondsAfterFinished: 60 });
    await world.clock.advance(50_000);
    await world.changeSpec({ ttlSecondsAfterFinished: 1_000 });
    await world.clock.advance(100_000);
    assert.equal((await world.condition('Succeeded'))?.status, 'True');
    await world.changeSpec({ ttlSecondsAfterFinished: 0 });
    await assert.rejects(world.store.get(PPO_JOBS, JOB), NotFoundError);
  });

  it('tells its story in events', async () => {
    await world.createJob();
    await world.runAllPods();
    await world.setPodStatus('tiny-reward-0', failedStatus(1, 'boom'));
    await world.settle();
    await world.changeSpec({ suspend: true });
    await world.finishDeletions();
    await world.changeSpec({ suspend: false });
    await world.runAllPods();
    await world.setPodStatus('tiny-coordinator-0', SUCCEEDED);
    const events = (await world.store.list(EVENTS)).items.map(({ reason }) => reason);
    assert.deepEqual(
      [...new Set(events)],
      [...['PodsCreated', 'PodsReady', 'PodRestarted', 'PodsStopping', 'Suspended', 'Resumed', 'Finished']],
    );
  });
});

describe('deletion', () => {
  for (const propagation of ['Background', 'Foreground'] as const) {
    it(`in the ${propagation.toLowerCase()} leaves nothing, at any moment of the job`, async () => {
      const moments: (() => Promise<void>)[] = [
        async () => {},
        () => world.runAllPods(),
        () => world.setPodStatus('tiny-actor-0', failedStatus(1, 'boom')),
        () => world.changeSpec({ suspend: true }),
        () => world.setPodStatus('tiny-coordinator-0', SUCCEEDED),
      ];
      for (const reach of moments) {
        await world.createJob();
        await reach();
        await world.store.delete(PPO_JOBS, JOB, { propagation });
        await world.settle();
        await world.finishDeletions();
        await assert.rejects(world.store.get(PPO_JOBS, JOB), NotFoundError);
        assert.deepEqual(await world.pods(), []);
        assert.deepEqual((await world.store.list(SERVICES)).items, []);
        assert.deepEqual((await world.store.list(CONFIG_MAPS)).items, []);
      }
      assert.deepEqual(world.errors, []);
    });
  }

  it('in the foreground does not wait for ever for a pod whose node is gone', async () => {
    await world.createJob();
    await world.runAllPods();
    await world.store.delete(PPO_JOBS, JOB, { propagation: 'Foreground' });
    await world.settle();
    assert.equal((await world.pods()).length, POD_NAMES.length);
    await world.clock.advance(340_000);
    await assert.rejects(world.store.get(PPO_JOBS, JOB), NotFoundError);
    const events = (await world.store.list(EVENTS)).items.filter(({ reason }) => reason === 'PodAbandoned');
    assert.equal(events.length, POD_NAMES.length);
    assert.deepEqual(world.errors, []);
  });
});
