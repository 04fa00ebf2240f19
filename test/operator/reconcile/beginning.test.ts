// What a job's status says before its pods exist, and what becomes of a job whose spec is no longer understood.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { CONFIG_MAPS } from '../../../operator/cluster/cluster.ts';
import { PPO_JOBS } from '../../../operator/reconcile/ppojob-kind.ts';
import { overrideCluster } from '../cluster/fixtures.ts';
import { POD_NAMES, SUCCEEDED, World } from './fixtures.ts';

let world: World;
beforeEach(() => {
  world = new World();
  world.startOperator();
});
afterEach(() => world.stopOperator());

describe('a job', () => {
  it('has said that it starts before its first pod exists, of the spec that its pods are made from', async () => {
    const order: string[] = [];
    world.cluster = overrideCluster(world.store, {
      create: (kind, object, options) => {
        if (kind.kind === 'Pod') order.push('pod');
        return world.store.create(kind, object, options);
      },
      updateStatus: async (kind, object, options) => {
        // Somebody changes the spec after it was read, before the status is written.
        if (order.length === 0) await world.changeSpec({ seed: 7 });
        order.push(`status of generation ${object.metadata.generation}`);
        return world.store.updateStatus(kind, object, options);
      },
    });
    await world.stopOperator();
    world.startOperator();
    await world.createJob();
    await world.settle();
    assert.deepEqual(order.slice(0, 3), ['status of generation 1', 'status of generation 2', 'pod']);
    const [configMap] = (await world.store.list(CONFIG_MAPS)).items;
    assert.equal(JSON.parse(configMap?.data?.['job.json'] ?? '{}').seed, 7);
  });

  it('writes its status twice to come into being: that it starts, and that all its pods exist', async () => {
    let numWrites = 0;
    world.cluster = overrideCluster(world.store, {
      updateStatus: (kind, object, options) => {
        numWrites += 1;
        return world.store.updateStatus(kind, object, options);
      },
    });
    await world.stopOperator();
    world.startOperator();
    await world.createJob();
    assert.equal(numWrites, 2);
    assert.equal((await world.condition('Scheduled'))?.status, 'True');
  });

  it('has no pods once its spec is no longer understood, and goes on when it is mended', async () => {
    await world.createJob();
    await world.runAllPods();
    await world.changeSpec({ seed: -1 });
    await world.finishDeletions();
    assert.deepEqual(await world.podNames(), []);
    const status = await world.status();
    assert.equal(status.startTime, undefined, 'so that every field may be mended');
    const states = status.conditions?.map(({ type, status: value, reason }) => `${type}=${value} ${reason}`);
    assert.deepEqual(states, ['Running=False Invalid', 'Scheduled=False Invalid', 'Accepted=False Invalid']);
    await world.changeSpec({ seed: 1 });
    assert.deepEqual(await world.podNames(), POD_NAMES);
  });

  it('is cleaned up after its end although its spec is no longer understood', async () => {
    await world.createJob({ cleanPodPolicy: 'None', ttlSecondsAfterFinished: 60 });
    await world.runAllPods();
    await world.setPodStatus('tiny-coordinator-0', SUCCEEDED);
    await world.changeSpec({ seed: -1, cleanPodPolicy: 'All' });
    await world.finishDeletions();
    assert.deepEqual(await world.podNames(), []);
    assert.equal((await world.condition('Succeeded'))?.status, 'True');
    await world.clock.advance(60_000);
    const { items } = await world.store.list(PPO_JOBS);
    assert.deepEqual(
      items.filter(({ metadata }) => metadata.deletionTimestamp === undefined),
      [],
    );
  });
});
