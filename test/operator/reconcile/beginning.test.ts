// What a job's status says before its pods exist.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { CONFIG_MAPS } from '../../../operator/cluster/cluster.ts';
import { overrideCluster } from '../cluster/fixtures.ts';
import { World } from './fixtures.ts';

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
});
