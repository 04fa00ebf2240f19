// A kubelet that runs nothing: it says of every pod bound to its nodes what a script says, and lets pods go that are to be
// deleted. For tests that care for the operator, not for processes. It knows no jobs beyond pods.

import { systemClock } from '../../operator/cluster/clock.ts';
import { type Cluster, PODS } from '../../operator/cluster/cluster.ts';
import { ConflictError, NotFoundError } from '../../operator/cluster/errors.ts';
import { follow } from '../../operator/cluster/list-watch.ts';
import type { Pod, PodStatus, Stored } from '../../operator/cluster/objects.ts';

/** What the pod should say now; null: nothing new. Called when the pod changes, and after `wakeAfterMs`. */
export type PodScript = (pod: Stored<Pod>, ageMs: number) => PodStatus | null;

export interface PlayedKubeletOptions {
  readonly cluster: Cluster;
  readonly script: PodScript;
  readonly namespace?: string;
  /** False: nobody gives pods nodes, and they are all this kubelet's. */
  readonly hasScheduler?: boolean;
  /** How often scripts are asked about pods that don't change. */
  readonly wakeAfterMs?: number;
  /** Pods written at the same time. */
  readonly concurrency?: number;
}

const WRITER = { fieldManager: 'played-kubelet' };

export const RUNNING: PodStatus = {
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'True' }],
  containerStatuses: [
    { name: 'worker', ready: true, started: true, restartCount: 0, image: 'i', imageID: '', state: { running: {} } },
  ],
};

export function ended(exitCode: number, message = ''): PodStatus {
  const terminated = { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', ...(message && { message }) };
  return {
    phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    containerStatuses: [
      { name: 'worker', ready: false, restartCount: 0, image: 'i', imageID: '', state: { terminated } },
    ],
  };
}

function isOver(status: PodStatus | undefined): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

export class PlayedKubelet {
  readonly #options: PlayedKubeletOptions;
  readonly #stopping = new AbortController();
  readonly #pods = new Map<string, Stored<Pod>>();
  readonly #startedAtMs = new Map<string, number>();
  readonly #busy = new Set<string>();
  readonly #waking: NodeJS.Timeout;
  readonly #running: Promise<void>;
  /** What went wrong, beyond what goes wrong in any cluster. */
  readonly errors: unknown[] = [];

  constructor(options: PlayedKubeletOptions) {
    this.#options = options;
    this.#waking = setInterval(() => {
      for (const uid of this.#pods.keys()) void this.#look(uid);
    }, options.wakeAfterMs ?? 100);
    this.#running = this.#follow();
  }

  async stop(): Promise<void> {
    clearInterval(this.#waking);
    this.#stopping.abort();
    await this.#running;
  }

  async #follow(): Promise<void> {
    const { cluster, namespace } = this.#options;
    const options = { signal: this.#stopping.signal, clock: systemClock, onError: () => {} };
    const updates = follow(cluster, PODS, namespace === undefined ? options : { ...options, namespace });
    for await (const update of updates) {
      if (update.type === 'LISTED') {
        this.#pods.clear();
        for (const pod of update.items) this.#observe(pod);
      } else if (update.type === 'DELETED') this.#pods.delete(update.object.metadata.uid);
      else this.#observe(update.object);
    }
  }

  #observe(pod: Stored<Pod>): void {
    const { hasScheduler = true } = this.#options;
    if (hasScheduler && pod.spec.nodeName === undefined) return;
    const { uid } = pod.metadata;
    this.#pods.set(uid, pod);
    if (!this.#startedAtMs.has(uid)) this.#startedAtMs.set(uid, Date.now());
    void this.#look(uid);
  }

  /** One write at a time for a pod; what changes meanwhile is looked at when the pod changes or wakes. */
  async #look(uid: string): Promise<void> {
    const pod = this.#pods.get(uid);
    if (pod === undefined || this.#busy.has(uid) || this.#stopping.signal.aborted) return;
    this.#busy.add(uid);
    try {
      if (pod.metadata.deletionTimestamp !== undefined) await this.#remove(pod);
      else await this.#play(pod);
    } catch (error) {
      const isUsual = error instanceof ConflictError || error instanceof NotFoundError;
      if (!isUsual && !this.#stopping.signal.aborted) this.errors.push(error);
    } finally {
      this.#busy.delete(uid);
    }
  }

  async #play(pod: Stored<Pod>): Promise<void> {
    const { cluster, script } = this.#options;
    // Whoever ended it, no kubelet brings a pod back to life: it would overwrite what the operator has yet to see.
    if (isOver(pod.status)) return;
    const ageMs = Date.now() - (this.#startedAtMs.get(pod.metadata.uid) ?? 0);
    const played = script(pod, ageMs);
    if (played === null || played.phase === pod.status?.phase) return;
    const { conditions = [] } = pod.status ?? {};
    const kept = conditions.filter(({ type }) => !played.conditions?.some((other) => other.type === type));
    const next = isOver(played) ? [] : [...kept, ...(played.conditions ?? [])];
    const status = { ...pod.status, ...played, conditions: next };
    const stored = await cluster.updateStatus(PODS, { ...pod, status }, WRITER);
    // The answer may come after news of a later change, such as that the pod is to go.
    if (this.#pods.get(pod.metadata.uid) === pod) this.#pods.set(pod.metadata.uid, stored);
  }

  /** Who holds a pod with a finalizer may want to see how it ended; real kubelets say it of every pod before it goes. */
  async #remove(pod: Stored<Pod>): Promise<void> {
    const { cluster } = this.#options;
    const { uid, finalizers = [], deletionGracePeriodSeconds } = pod.metadata;
    if (finalizers.length > 0) {
      if (!isOver(pod.status) && pod.spec.nodeName !== undefined) {
        await cluster.updateStatus(PODS, { ...pod, status: { ...pod.status, ...ended(143) } }, WRITER);
        return;
      }
      if (deletionGracePeriodSeconds === 0) return;
    }
    await cluster.delete(PODS, pod.metadata, { gracePeriodSeconds: 0, preconditions: { uid } });
  }
}
