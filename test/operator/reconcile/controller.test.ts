// Changes become keys, keys become reconciles: one at a time per job, and none is lost.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Cluster, PODS } from '../../../operator/cluster/cluster.ts';
import { ForbiddenError, GoneError } from '../../../operator/cluster/errors.ts';
import { MemoryCluster } from '../../../operator/cluster/memory-cluster.ts';
import { ObjectCache } from '../../../operator/cluster/object-cache.ts';
import type { KubernetesObject, Pod, Stored } from '../../../operator/cluster/objects.ts';
import { Controller, type ControllerOptions } from '../../../operator/reconcile/controller.ts';
import { PPO_JOBS, type PPOJobObject } from '../../../operator/reconcile/ppojob-kind.ts';
import { DONE, type ReconcileResult } from '../../../operator/reconcile/result.ts';
import { buildPod, ManualClock, overrideCluster, settle, WRITER } from '../cluster/fixtures.ts';
import { buildJob } from './fixtures.ts';

function jobNamed(name: string): PPOJobObject {
  const job = buildJob();
  return { ...job, metadata: { ...job.metadata, name } };
}

function childOf({ apiVersion, kind, metadata }: Stored<PPOJobObject>, name: string): Pod {
  const pod = buildPod(name);
  const ownerReferences = [{ apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true }];
  return { ...pod, metadata: { ...pod.metadata, ownerReferences } };
}

/** Runs a controller around `reconcile` while `body` runs. */
async function withController(
  reconcile: (key: string) => Promise<ReconcileResult>,
  body: (world: {
    cluster: MemoryCluster;
    clock: ManualClock;
    controller: Controller;
    cache: ObjectCache;
    errors: unknown[];
  }) => Promise<void>,
  options: Partial<Pick<ControllerOptions, 'patienceMs' | 'namespaces'>> & {
    /** The cluster as the controller sees it. */
    readonly view?: (cluster: Cluster) => Cluster;
  } = {},
): Promise<void> {
  const { view = (cluster) => cluster, ...others } = options;
  const clock = new ManualClock();
  const cluster = new MemoryCluster({ clock });
  const { namespaces } = others;
  const cache = new ObjectCache({ indexLabel: 'job', ...(namespaces !== undefined && { namespaces }) });
  const errors: unknown[] = [];
  const onError = (error: unknown): number => errors.push(error);
  const controller = new Controller({
    ...{ cluster: view(cluster), cache, clock, reconcile, onError, resyncMs: 60_000 },
    ...others,
  });
  const stop = new AbortController();
  const running = controller.run(stop.signal);
  await settle();
  await body({ cluster, clock, controller, cache, errors });
  stop.abort();
  await running;
}

describe('Controller', () => {
  it('reconciles a job for its own changes and for those of its children', async () => {
    const keys: string[] = [];
    const reconcile = async (key: string): Promise<ReconcileResult> => {
      keys.push(key);
      return DONE;
    };
    await withController(reconcile, async ({ cluster }) => {
      const job = await cluster.create(PPO_JOBS, buildJob(), WRITER);
      await settle();
      await cluster.create(PODS, childOf(job, 'child'), WRITER);
      await cluster.create(PODS, buildPod('stranger'), WRITER);
      await settle();
      assert.deepEqual(keys, ['default/tiny', 'default/tiny']);
    });
  });

  it('lets changes of children that may wait come together, and no others', async () => {
    let numRuns = 0;
    const reconcile = async (): Promise<ReconcileResult> => {
      numRuns += 1;
      return DONE;
    };
    const patienceMs = ({ kind, metadata }: KubernetesObject): number =>
      kind !== 'Pod' || metadata.name === 'urgent' ? 0 : 500;
    const body: Parameters<typeof withController>[1] = async ({ cluster, clock, cache }) => {
      const job = await cluster.create(PPO_JOBS, buildJob(), WRITER);
      await settle();
      for (const name of ['a', 'b', 'c']) await cluster.create(PODS, childOf(job, name), WRITER);
      await clock.advance(499);
      assert.equal(numRuns, 1);
      await clock.advance(1);
      assert.equal(numRuns, 2);
      await cluster.create(PODS, childOf(job, 'urgent'), WRITER);
      await settle();
      assert.equal(numRuns, 3);
      // As a reconcile does that has made one.
      const own = cluster.create(PODS, childOf(job, 'own'), WRITER);
      cache.remember(PODS, await own);
      await clock.advance(1000);
      assert.equal(numRuns, 3);
      await cluster.delete(PODS, { namespace: 'default', name: 'own' }, { gracePeriodSeconds: 0 });
      await settle();
      assert.equal(numRuns, 4);
    };
    await withController(reconcile, body, { patienceMs });
  });

  it('follows several namespaces, and what is in no other', async () => {
    const keys = new Set<string>();
    const reconcile = async (key: string): Promise<ReconcileResult> => {
      keys.add(key);
      return DONE;
    };
    const namespaces = ['team-a', 'team-b'];
    const body: Parameters<typeof withController>[1] = async ({ cluster, cache }) => {
      for (const namespace of [...namespaces, 'team-c']) {
        const job = buildJob();
        await cluster.create(PPO_JOBS, { ...job, metadata: { ...job.metadata, namespace } }, WRITER);
      }
      await settle();
      assert.deepEqual([...keys].sort(), ['team-a/tiny', 'team-b/tiny']);
      assert.equal(cache.list(PPO_JOBS).length, 2);
    };
    await withController(reconcile, body, { namespaces });
  });

  it('goes on in other namespaces when one can not be listed, and in that one when all of it can', async () => {
    const keys: string[] = [];
    const reconcile = async (key: string): Promise<ReconcileResult> => {
      keys.push(key);
      return DONE;
    };
    const refused = new Set<string>([PPO_JOBS.plural, PODS.plural]);
    const view = (cluster: Cluster): Cluster =>
      overrideCluster(cluster, {
        list: async (kind, options) => {
          const isRefused = options?.namespace === 'gone' && refused.has(kind.plural);
          if (isRefused) throw new ForbiddenError(`${kind.plural}: forbidden`);
          return cluster.list(kind, options);
        },
      });
    const body: Parameters<typeof withController>[1] = async ({ cluster, clock, errors }) => {
      for (const namespace of ['team-a', 'gone']) {
        const job = buildJob();
        await cluster.create(PPO_JOBS, { ...job, metadata: { ...job.metadata, namespace } }, WRITER);
      }
      await settle();
      assert.deepEqual([...new Set(keys)], ['team-a/tiny']);
      assert.ok(errors.length >= 2);
      // Its pods are not known yet: the job would be judged without them.
      refused.delete(PPO_JOBS.plural);
      await clock.advance(60_000);
      assert.deepEqual([...new Set(keys)], ['team-a/tiny']);
      refused.clear();
      await clock.advance(60_000);
      assert.ok(keys.includes('gone/tiny'));
    };
    await withController(reconcile, body, { namespaces: ['team-a', 'gone'], view });
  });

  it('never reconciles one job twice at once, but several jobs do', async () => {
    const active = new Map<string, number>();
    let mostOfOneKey = 0;
    let mostKeys = 0;
    let numRuns = 0;
    const releases: (() => void)[] = [];
    const reconcile = async (key: string): Promise<ReconcileResult> => {
      numRuns += 1;
      active.set(key, (active.get(key) ?? 0) + 1);
      mostOfOneKey = Math.max(mostOfOneKey, active.get(key)!);
      mostKeys = Math.max(mostKeys, [...active.values()].filter((count) => count > 0).length);
      await new Promise<void>((resolve) => releases.push(resolve));
      active.set(key, active.get(key)! - 1);
      return DONE;
    };
    await withController(reconcile, async ({ cluster, controller }) => {
      await cluster.create(PPO_JOBS, jobNamed('a'), WRITER);
      await cluster.create(PPO_JOBS, jobNamed('b'), WRITER);
      await settle();
      for (let i = 0; i < 5; i += 1) controller.enqueue('default/a');
      await settle();
      assert.equal(numRuns, 2);
      while (releases.length > 0) {
        releases.shift()!();
        await settle();
      }
      assert.deepEqual([mostOfOneKey, mostKeys, numRuns], [1, 2, 3]);
    });
  });

  it('tries again after a fault, which it reports, and after a conflict, which it does not', async () => {
    const results: (ReconcileResult | Error)[] = [new Error('lost'), { type: 'retry', error: null }, DONE];
    let numRuns = 0;
    const reconcile = async (): Promise<ReconcileResult> => {
      const result = results[numRuns++] ?? DONE;
      if (result instanceof Error) throw result;
      return result;
    };
    await withController(reconcile, async ({ cluster, clock, errors }) => {
      await cluster.create(PPO_JOBS, buildJob(), WRITER);
      await clock.advance(1000);
      assert.equal(numRuns, 3);
      assert.deepEqual(errors, [new Error('lost')]);
    });
  });

  it('looks once more at a job that has gone while nobody watched', async () => {
    const keys: string[] = [];
    const reconcile = async (key: string): Promise<ReconcileResult> => {
      keys.push(key);
      return DONE;
    };
    const lost = Promise.withResolvers<never>();
    const view = (cluster: Cluster): Cluster =>
      overrideCluster(cluster, {
        watch: async function* (kind, options) {
          // Of jobs nothing is heard until the server's history is lost.
          if (kind.kind === PPO_JOBS.kind) await lost.promise;
          yield* cluster.watch(kind, options);
        },
      });
    const body: Parameters<typeof withController>[1] = async ({ cluster, cache, clock }) => {
      const job = await cluster.create(PPO_JOBS, buildJob(), WRITER);
      cache.remember(PPO_JOBS, job);
      await cluster.delete(PPO_JOBS, job.metadata);
      await settle();
      assert.deepEqual(keys, []);
      lost.reject(new GoneError('too old'));
      await clock.advance(1000);
      assert.deepEqual(keys, ['default/tiny']);
    };
    await withController(reconcile, body, { view });
  });

  it('comes back when asked to, and looks at every job now and then', async () => {
    let numRuns = 0;
    const reconcile = async (): Promise<ReconcileResult> => {
      numRuns += 1;
      return numRuns === 1 ? { type: 'requeueAfter', delayMs: 500 } : DONE;
    };
    await withController(reconcile, async ({ cluster, clock }) => {
      await cluster.create(PPO_JOBS, buildJob(), WRITER);
      await clock.advance(499);
      assert.equal(numRuns, 1);
      await clock.advance(1);
      assert.equal(numRuns, 2);
      await clock.advance(60_000);
      assert.equal(numRuns, 3);
    });
  });
});
