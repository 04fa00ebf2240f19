// A cluster that answers from a cache what the cache knows, and lets it know of every write that passes. Reads of what
// isn't cached, watches and writes go to the cluster behind it. It refuses to know how the cache is fed.

import type { Cluster, ObjectName, ResourceKind } from './cluster.ts';
import { AlreadyExistsError } from './errors.ts';
import type { ObjectCache } from './object-cache.ts';
import type { KubernetesObject, Stored } from './objects.ts';

export function cachedCluster(cluster: Cluster, cache: ObjectCache): Cluster {
  const remember = async <T extends KubernetesObject>(
    kind: ResourceKind<T>,
    write: Promise<Stored<T>>,
  ): Promise<Stored<T>> => {
    const object = await write;
    cache.remember(kind, object);
    return object;
  };
  /** An object that exists unexpectedly is looked up: the cache is behind, and whoever asks next should know. */
  const create: Cluster['create'] = async (kind, object, options) => {
    try {
      return await remember(kind, cluster.create(kind, object, options));
    } catch (error) {
      const { namespace } = object.metadata;
      if (error instanceof AlreadyExistsError && cache.isSynced(kind, namespace)) await lookUp(kind, object.metadata);
      throw error;
    }
  };
  const lookUp = async <T extends KubernetesObject>(kind: ResourceKind<T>, name: ObjectName): Promise<void> => {
    try {
      cache.remember(kind, await cluster.get(kind, name));
    } catch {
      // It has gone meanwhile, or the server has: the refusal itself is what the caller hears of.
    }
  };
  return {
    // What the cache lacks may have been made a moment ago: then asking costs less than being wrong.
    get: async (kind, name) => cache.get(kind, name) ?? (await cluster.get(kind, name)),
    list: async (kind, options) =>
      cache.isSynced(kind, options?.namespace)
        ? // No watch starts at what a cache lists.
          { items: cache.list(kind, options), resourceVersion: '' }
        : cluster.list(kind, options),
    watch: (kind, options) => cluster.watch(kind, options),
    create,
    apply: (kind, object, options) => remember(kind, cluster.apply(kind, object, options)),
    update: (kind, object, options) => remember(kind, cluster.update(kind, object, options)),
    updateStatus: (kind, object, options) => remember(kind, cluster.updateStatus(kind, object, options)),
    delete: (kind, name, options) => cluster.delete(kind, name, options),
  };
}
