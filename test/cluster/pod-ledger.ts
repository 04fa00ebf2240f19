// Every pod that ever was in a namespace, as a watch of the test's own saw it: a pod made twice shows here even when one of
// the two has gone. It refuses to know which pods there should be.

import { systemClock } from '../../operator/cluster/clock.ts';
import { type Cluster, PODS } from '../../operator/cluster/cluster.ts';
import { follow } from '../../operator/cluster/list-watch.ts';
import type { Pod, Stored } from '../../operator/cluster/objects.ts';

export class PodLedger {
  readonly #uids = new Map<string, Set<string>>();
  readonly #stopping = new AbortController();
  readonly #following: Promise<void>;

  constructor(cluster: Cluster, namespace: string) {
    this.#following = this.#follow(cluster, namespace);
  }

  /** How many pods of each name there were. */
  get counts(): Record<string, number> {
    const sorted = [...this.#uids].sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(sorted.map(([name, uids]) => [name, uids.size]));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  async #follow(cluster: Cluster, namespace: string): Promise<void> {
    const options = { namespace, signal: this.#stopping.signal, clock: systemClock, onError: () => {} };
    for await (const update of follow(cluster, PODS, options)) {
      if (update.type === 'LISTED') for (const pod of update.items) this.#write(pod);
      else this.#write(update.object);
    }
  }

  #write({ metadata: { name, uid } }: Stored<Pod>): void {
    const known = this.#uids.get(name);
    if (known === undefined) this.#uids.set(name, new Set([uid]));
    else known.add(uid);
  }
}
