// What a gang scheduler with PodGroups of its own must do for a job, whichever it is. Each test has nodes of its own, with
// room for six pods beside the coordinators.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { PODS } from '../../operator/cluster/cluster.ts';
import { GANG_CONVENTIONS, type GangProvider } from '../../operator/plan/pod-groups.ts';
import { PPO_JOBS } from '../../operator/reconcile/ppojob-kind.ts';
import {
  type GangStage,
  livePods,
  numPlaced,
  RUNS,
  rolesOf,
  SETTLED_MS,
  untilPlaced,
  untilReplaced,
} from './gang-stage.ts';
import { type JobWorld, until } from './job-world.ts';
import { ended, RUNNING } from './played-kubelet.ts';

export interface GangBodies {
  readonly gang: GangProvider;
  /** There once the tests run. */
  readonly stage: () => GangStage;
  /** What a job that waits says. */
  readonly waiting: RegExp;
}

export function runGangBodies({ gang, stage, waiting }: GangBodies): void {
  const [kind] = GANG_CONVENTIONS[gang].kinds;

  async function groupSizes({ cluster, namespace }: JobWorld): Promise<(number | undefined)[]> {
    const { items } = await cluster.list(kind!, { namespace });
    return items.map((group) => GANG_CONVENTIONS[gang].groupSize(group));
  }

  const untilGroups = (world: JobWorld, sizes: readonly number[]): Promise<void> =>
    until(`the sizes of the groups are [${sizes}]`, async () => {
      const found = await groupSizes(world);
      return found.toString() === sizes.toString() ? null : found;
    });

  it('place a job as a whole or not at all, and the next one when there is room', async () => {
    await stage().addNodes(2, { resource: 'whole.test/gpu', each: 3 });
    await stage().inWorld(RUNS, async (world) => {
      const names = ['one', 'two'];
      const spec = { roles: rolesOf('whole.test/gpu', 2), scheduling: { gang } };
      for (const name of names) await world.createJob(name, spec);
      await until('one of two jobs is placed', async () => {
        const placed = await Promise.all(names.map((name) => numPlaced(world, name)));
        return placed.includes(7) ? null : placed;
      });
      await delay(SETTLED_MS);
      const placed = await Promise.all(names.map((name) => numPlaced(world, name)));
      assert.deepEqual(placed.toSorted(), [0, 7]);
      const [first, second] = placed[0] === 7 ? names : names.toReversed();
      await until('the job that waits says why', async () => {
        const scheduled = (await world.status(second!)).conditions?.find(({ type }) => type === 'Scheduled');
        return scheduled?.status === 'False' && waiting.test(scheduled.message ?? '') ? null : scheduled;
      });
      await world.cluster.delete(PPO_JOBS, { namespace: world.namespace, name: first! });
      await untilPlaced(world, second!, 7);
      await untilGroups(world, [7]);
    });
  });

  it('place the surplus after all that belong together, as there is room', async () => {
    await stage().addNodes(2, { resource: 'surplus.test/gpu', each: 3 });
    await stage().inWorld(RUNS, async (world) => {
      const resource = 'surplus.test/gpu';
      // Another job's pod takes what this one would need as a whole.
      await world.createJob('small', { roles: rolesOf(resource, 1), scheduling: { gang } });
      await untilPlaced(world, 'small', 6);
      await world.createJob('job', { roles: rolesOf(resource, 4), scheduling: { gang, minGenerationReplicas: 1 } });
      await delay(SETTLED_MS);
      assert.equal((await world.pods('job')).length, 6, 'the surplus is not made before the others have a place');
      assert.equal(await numPlaced(world, 'job'), 0);
      await world.cluster.delete(PPO_JOBS, { namespace: world.namespace, name: 'small' });
      await untilPlaced(world, 'job', 7);
      await delay(SETTLED_MS);
      assert.equal(await numPlaced(world, 'job'), 7);
      assert.equal((await world.pods('job')).length, 9);
    });
  });

  it('let a job grow one by one and shrink, and come back from its rest', async () => {
    await stage().addNodes(2, { resource: 'elastic.test/gpu', each: 3 });
    await stage().inWorld(RUNS, async (world) => {
      const scale = (replicas: number) => world.changeSpec('job', { roles: rolesOf('elastic.test/gpu', replicas) });
      await world.createJob('job', { roles: rolesOf('elastic.test/gpu', 1), scheduling: { gang } });
      await untilPlaced(world, 'job', 6);
      await scale(3);
      await untilPlaced(world, 'job', 7);
      await untilGroups(world, [6]);
      await scale(2);
      await until('8 pods became 7', async () => ((await world.pods('job')).length === 7 ? null : 'not yet'));
      await world.changeSpec('job', { suspend: true });
      await world.untilCondition('job', 'Suspended');
      await untilGroups(world, []);
      await world.changeSpec('job', { suspend: false });
      await untilPlaced(world, 'job', 7);
      await untilGroups(world, [7]);
    });
  });

  it('take back a pod that was taken away, one that failed, and ranks that start anew together', async () => {
    await stage().addNodes(2, { resource: 'replaced.test/gpu', each: 3 });
    const failing = new Set<string>();
    const script = ({ metadata }: { metadata: { uid: string } }) =>
      failing.has(metadata.uid) ? ended(1, 'out of luck') : RUNNING;
    await stage().inWorld(script, async (world) => {
      const roles = { ...rolesOf('replaced.test/gpu', 1), actor: { replicas: 2, ...RANK } };
      await world.createJob('job', { roles, scheduling: { gang } });
      await untilPlaced(world, 'job', 7);
      const find = async (name: string) =>
        (await livePods(world, 'job')).find(({ metadata }) => metadata.name === `job-${name}`)!;
      const taken = await find('reward-0');
      await world.cluster.delete(PODS, taken.metadata, { gracePeriodSeconds: 0 });
      await untilReplaced(world, 'job', taken);
      const failed = await find('generation-0');
      failing.add(failed.metadata.uid);
      await untilReplaced(world, 'job', failed);
      const ranks = [await find('actor-0'), await find('actor-1')];
      failing.add(ranks[0]!.metadata.uid);
      for (const rank of ranks) await untilReplaced(world, 'job', rank);
      await untilPlaced(world, 'job', 7);
      await untilGroups(world, [7]);
    });
  });
}

const RANK = { resources: { limits: { 'replaced.test/gpu': '1' } } };
