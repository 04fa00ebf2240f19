// When objects were seen for the first time, and when again: a watch of the benchmark's own. It knows no kinds.

import { systemClock } from '../../../operator/cluster/clock.ts';
import type { Cluster, ResourceKind } from '../../../operator/cluster/cluster.ts';
import { follow } from '../../../operator/cluster/list-watch.ts';
import type { KubernetesObject } from '../../../operator/cluster/objects.ts';

export class Watched {
  /** Time of the newest creation by name. */
  readonly addedAtMs = new Map<string, number>();
  /** Of the newest creation of all. */
  lastAddedAtMs = 0;
  /** Objects that are there now. */
  readonly uids = new Set<string>();
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;

  constructor(cluster: Cluster, kind: ResourceKind<KubernetesObject>, namespace: string) {
    this.#following = this.#follow(cluster, kind, namespace);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }

  async #follow(cluster: Cluster, kind: ResourceKind<KubernetesObject>, namespace: string): Promise<void> {
    const options = { namespace, signal: this.#stop.signal, clock: systemClock, onError: console.error };
    for await (const update of follow(cluster, kind, options)) {
      if (update.type === 'LISTED') continue;
      const { name, uid } = update.object.metadata;
      if (update.type === 'DELETED') this.uids.delete(uid);
      else if (!this.uids.has(uid)) {
        this.uids.add(uid);
        this.lastAddedAtMs = performance.now();
        this.addedAtMs.set(name, this.lastAddedAtMs);
      }
    }
  }
}
