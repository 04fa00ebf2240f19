// What hangs is found and told over HTTP, by really hanging it; what merely fails, or is slow, is not.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Registry } from 'prom-client';
import type { Cluster } from '../../operator/cluster/cluster.ts';
import { LEASES, leadWhenElected } from '../../operator/cluster/lease.ts';
import { MemoryCluster } from '../../operator/cluster/memory-cluster.ts';
import { ObjectCache } from '../../operator/cluster/object-cache.ts';
import { OperatorHealth } from '../../operator/health.ts';
import { startOperatorMetricsServer } from '../../operator/metrics-server.ts';
import { Controller } from '../../operator/reconcile/controller.ts';
import { PPO_JOBS } from '../../operator/reconcile/ppojob-kind.ts';
import { DONE, type ReconcileResult } from '../../operator/reconcile/result.ts';
import { ManualClock, NAMESPACE, overrideCluster, settle, WRITER } from './cluster/fixtures.ts';
import { buildJob } from './reconcile/fixtures.ts';

const MINUTE_MS = 60_000;

let clock: ManualClock;
let store: MemoryCluster;
let health: OperatorHealth;
let server: Awaited<ReturnType<typeof startOperatorMetricsServer>>;
let stop: AbortController;
let running: Promise<unknown>[];
beforeEach(async () => {
  clock = new ManualClock();
  store = new MemoryCluster({ clock });
  health = new OperatorHealth(clock);
  const settings = { host: '127.0.0.1', port: 0, tls: null };
  server = await startOperatorMetricsServer({
    ...{ settings, registry: new Registry(), health, onCertificateError: assert.ifError },
  });
  stop = new AbortController();
  running = [];
});
afterEach(async () => {
  stop.abort();
  await settle();
  await server.close();
});

async function probe(path: '/healthz' | '/readyz'): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
  return `${response.status} ${(await response.text()).trim()}`;
}

/** With bookmarks, as an API server sends them. */
function withBookmarks(cluster: Cluster): Cluster {
  return overrideCluster(cluster, {
    watch: (kind, options) => {
      const tell = (): void => {
        options.onBookmark?.(options.resourceVersion);
        if (!options.signal.aborted) clock.after(MINUTE_MS, tell);
      };
      tell();
      return cluster.watch(kind, options);
    },
  });
}

async function startController(
  reconcile: (key: string) => Promise<ReconcileResult>,
  cluster = withBookmarks(store),
): Promise<void> {
  const cache = new ObjectCache({ indexLabel: 'job' });
  const nothing = { onAdd: () => {}, onTake: () => {}, onDone: () => {}, onRetry: () => {} };
  const observer = {
    queue: nothing,
    onReconcile: () => {},
    onStart: (controller: Parameters<OperatorHealth['onController']>[0]) => health.onController(controller),
  };
  health.onElected(() => true);
  const controller = new Controller({
    ...{ cluster, cache, clock, reconcile, observer, onError: () => {}, concurrency: 2, resyncMs: 5 * MINUTE_MS },
  });
  running.push(controller.run(stop.signal));
  await settle();
}

async function createJobs(...names: string[]): Promise<void> {
  const job = buildJob();
  for (const name of names) await store.create(PPO_JOBS, { ...job, metadata: { ...job.metadata, name } }, WRITER);
  await settle();
}

const hang = (): Promise<ReconcileResult> => new Promise(() => {});

describe('a leader', () => {
  it('is well and ready while it works, for as long as you like', async () => {
    await startController(async () => DONE);
    await createJobs('a', 'b', 'c');
    await clock.advance(120 * MINUTE_MS);
    assert.deepEqual([await probe('/healthz'), await probe('/readyz')], ['200 ok', '200 ok']);
  });

  it('is well while its reconciles fail: a restart would mend nothing', async () => {
    await startController(() => Promise.reject(new Error('the API server is away')));
    await createJobs('a', 'b', 'c');
    await clock.advance(120 * MINUTE_MS);
    assert.equal(await probe('/healthz'), '200 ok');
  });

  it('is to be ended when all its workers hang while jobs wait', async () => {
    await startController(hang);
    await createJobs('a', 'b', 'c');
    await clock.advance(4 * MINUTE_MS);
    assert.equal(await probe('/healthz'), '200 ok');
    await clock.advance(2 * MINUTE_MS);
    assert.equal(await probe('/healthz'), '500 1 jobs wait, and no reconcile has begun or ended for 360 s');
  });

  it('is to be ended when one reconcile never ends, although others do', async () => {
    await startController((key) => (key.endsWith('/a') ? hang() : Promise.resolve(DONE)));
    await createJobs('a', 'b', 'c');
    await clock.advance(29 * MINUTE_MS);
    assert.equal(await probe('/healthz'), '200 ok');
    await clock.advance(2 * MINUTE_MS);
    assert.equal(await probe('/healthz'), '500 a reconcile has not ended for 1860 s');
  });

  it('is to be ended when a watch neither brings anything nor ends', async () => {
    const cluster = withBookmarks(store);
    const mute: Cluster = overrideCluster(cluster, {
      watch: (kind, options) => (kind.kind === 'Service' ? never() : cluster.watch(kind, options)),
    });
    await startController(async () => DONE, mute);
    await clock.advance(9 * MINUTE_MS);
    assert.equal(await probe('/healthz'), '200 ok');
    await clock.advance(2 * MINUTE_MS);
    assert.equal(await probe('/healthz'), '500 the watch of services has been silent for 660 s');
  });

  it('is not ready before it knows what there is', async () => {
    const cluster = withBookmarks(store);
    const blind = overrideCluster(cluster, {
      list: (kind, options) =>
        kind.kind === 'Pod' ? Promise.reject(new Error('forbidden')) : cluster.list(kind, options),
    });
    await startController(async () => DONE, blind);
    await clock.advance(MINUTE_MS);
    assert.deepEqual(
      [await probe('/healthz'), await probe('/readyz')],
      ['200 ok', '503 not ready: not listed yet: pods'],
    );
  });

  it('is to be ended when it has lost its lease and goes on all the same', async () => {
    let isHeld = true;
    health.onElected(() => isHeld);
    await clock.advance(60 * MINUTE_MS);
    assert.equal(await probe('/healthz'), '200 ok');
    isHeld = false;
    await clock.advance(2 * MINUTE_MS);
    assert.equal(await probe('/healthz'), '500 the lease is lost, and the process has not ended');
  });
});

describe('a follower', () => {
  const lease = { namespace: NAMESPACE, name: 'lease' };

  function takePart(cluster: Cluster): void {
    const onAttempt = (isAnswered: boolean): void => health.onElectionAttempt(isAnswered);
    const options = { cluster, clock, lease, identity: 'me', random: () => 0, onError: () => {}, onAttempt };
    running.push(leadWhenElected(options, stop.signal, async () => {}));
  }

  beforeEach(async () => {
    const spec = { holderIdentity: 'other', leaseDurationSeconds: 1e6 };
    await store.create(LEASES, { apiVersion: LEASES.apiVersion, kind: LEASES.kind, metadata: lease, spec }, WRITER);
  });

  it('is ready once it knows who leads', async () => {
    assert.equal(await probe('/readyz'), '503 not ready: it does not know yet who leads');
    takePart(store);
    await settle();
    assert.deepEqual([await probe('/healthz'), await probe('/readyz')], ['200 ok', '200 ok']);
  });

  it('is not ready, but well, while nobody answers', async () => {
    takePart(overrideCluster(store, { get: () => Promise.reject(new Error('no route')) }));
    await clock.advance(10 * MINUTE_MS);
    assert.deepEqual(
      [await probe('/healthz'), await probe('/readyz')],
      ['200 ok', '503 not ready: it does not know yet who leads'],
    );
  });

  it('is to be ended when its attempts hang', async () => {
    let hangs = false;
    takePart(overrideCluster(store, { get: (kind, name) => (hangs ? new Promise(() => {}) : store.get(kind, name)) }));
    await clock.advance(MINUTE_MS);
    hangs = true;
    await clock.advance(3 * MINUTE_MS);
    assert.match(await probe('/healthz'), /^500 no attempt to hold the lease for 1\d\d s$/);
  });
});

async function* never(): AsyncGenerator<never> {
  await new Promise(() => {});
}
