// A cluster that goes on asking while the API server is away, for what is written for a cluster in this process: the process
// kubelet ends when its cluster fails, a node's kubelet doesn't. It knows neither.

import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster, ResourceKind, WatchOptions } from '../../operator/cluster/cluster.ts';
import { ClusterError } from '../../operator/cluster/errors.ts';
import type { KubernetesObject, WatchEvent } from '../../operator/cluster/objects.ts';

const PAUSE_MS = 200;
const DEADLINE_MS = 120_000;

/** Gives up once the signal aborts. */
export function retryingCluster(cluster: Cluster, signal: AbortSignal): Cluster {
  const retry = <T>(call: () => Promise<T>): Promise<T> => retryUntil(call, signal);
  return {
    get: (kind, name) => retry(() => cluster.get(kind, name)),
    list: (kind, options) => retry(() => cluster.list(kind, options)),
    watch: (kind, options) => watchOn(cluster, kind, options),
    create: (kind, object, options) => retry(() => cluster.create(kind, object, options)),
    apply: (kind, object, options) => retry(() => cluster.apply(kind, object, options)),
    update: (kind, object, options) => retry(() => cluster.update(kind, object, options)),
    updateStatus: (kind, object, options) => retry(() => cluster.updateStatus(kind, object, options)),
    delete: (kind, name, options) => retry(() => cluster.delete(kind, name, options)),
  };
}

async function retryUntil<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
  const endMs = Date.now() + DEADLINE_MS;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!isUnavailable(error) || signal.aborted || Date.now() > endMs) throw error;
    }
    await delay(PAUSE_MS);
  }
}

async function* watchOn<T extends KubernetesObject>(
  cluster: Cluster,
  kind: ResourceKind<T>,
  options: WatchOptions,
): AsyncGenerator<WatchEvent<T>> {
  let { resourceVersion } = options;
  const onBookmark = (version: string): void => {
    resourceVersion = version;
  };
  while (!options.signal.aborted) {
    try {
      for await (const event of cluster.watch(kind, { ...options, resourceVersion, onBookmark })) {
        resourceVersion = event.object.metadata.resourceVersion;
        yield event;
      }
    } catch (error) {
      if (!isUnavailable(error)) throw error;
    }
    await delay(PAUSE_MS);
  }
}

/** A server that has just started refuses every user for a moment, too. */
function isUnavailable(error: unknown): boolean {
  return error instanceof ClusterError && (error.code === 'Unavailable' || error.code === 'Forbidden');
}
