// Pods that are going for so long that their node must be gone. It measures by this process' own clock from when it first saw
// them go: the server's clock, which stamps deletions, may be another one by hours, and a pod that is removed by force while
// it still stops meets its successor. It refuses to know what is done about them.

import type { Clock } from '../cluster/clock.ts';
import type { Pod, Stored } from '../cluster/objects.ts';

/**
 * Beyond the time that a pod may take to stop. Nodes end pods in time while they can; the workers refuse what an earlier
 * process of the same name may still say.
 */
const ABANDON_AFTER_MS = 300_000;

export interface Abandoned {
  /** Pods to remove by force. */
  readonly uids: ReadonlySet<string>;
  /** Until the next one; null where no pod is going. */
  readonly leftMs: number | null;
}

export const NONE_ABANDONED: Abandoned = { uids: new Set(), leftMs: null };

/** Of many jobs. What a process that ends forgets only makes its successor wait anew. */
export class AbandonedPods {
  readonly #clock: Clock;
  /** By job's key: when each of its pods was first seen going, by uid. */
  readonly #sinceMs = new Map<string, ReadonlyMap<string, number>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `pods`: all of the job. */
  find(key: string, pods: readonly Stored<Pod>[]): Abandoned {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#sinceMs.get(key);
    const sinceMs = new Map<string, number>();
    const uids = new Set<string>();
    let leftMs: number | null = null;
    for (const { metadata } of pods) {
      if (metadata.deletionTimestamp === undefined) continue;
      const podSinceMs = known?.get(metadata.uid) ?? nowMs;
      sinceMs.set(metadata.uid, podSinceMs);
      const graceMs = (metadata.deletionGracePeriodSeconds ?? 0) * 1000;
      const podLeftMs = podSinceMs + graceMs + ABANDON_AFTER_MS - nowMs;
      if (podLeftMs <= 0) uids.add(metadata.uid);
      else leftMs = Math.min(leftMs ?? podLeftMs, podLeftMs);
    }
    if (sinceMs.size === 0) this.#sinceMs.delete(key);
    else this.#sinceMs.set(key, sinceMs);
    return { uids, leftMs };
  }
}
