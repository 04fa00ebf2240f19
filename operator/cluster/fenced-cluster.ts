// A cluster that is only written while somebody may write it. A process that stood still finds that out here, before its
// timers have fired. It refuses to know why one may write; reads and watches pass.

import type { Cluster } from './cluster.ts';
import { UnavailableError } from './errors.ts';

export function fencedCluster(cluster: Cluster, mayWrite: () => boolean): Cluster {
  const fenced = <T>(write: () => Promise<T>): Promise<T> =>
    mayWrite() ? write() : Promise.reject(new UnavailableError('not written: this operator leads no longer'));
  return {
    get: (kind, name) => cluster.get(kind, name),
    list: (kind, options) => cluster.list(kind, options),
    watch: (kind, options) => cluster.watch(kind, options),
    create: (kind, object, options) => fenced(() => cluster.create(kind, object, options)),
    apply: (kind, object, options) => fenced(() => cluster.apply(kind, object, options)),
    update: (kind, object, options) => fenced(() => cluster.update(kind, object, options)),
    updateStatus: (kind, object, options) => fenced(() => cluster.updateStatus(kind, object, options)),
    delete: (kind, name, options) => fenced(() => cluster.delete(kind, name, options)),
  };
}
