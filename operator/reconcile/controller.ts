// The loop around a reconciler: watches jobs and their children, turns each change into the job's key, and reconciles
// keys, one worker a key. It refuses to know what reconciling does.
//
// Consumes: a cluster's watches, and keys from `enqueue`. Waits for: keys. Unblocked by: changes, back-offs, the resync.

import type { Clock } from '../cluster/clock.ts';
import { type Cluster, CONFIG_MAPS, PODS, type ResourceKind, SERVICES } from '../cluster/cluster.ts';
import { follow, sleep } from '../cluster/list-watch.ts';
import type { KubernetesObject } from '../cluster/objects.ts';
import { keyOf, ownerKeyOf, PPO_JOBS } from './ppojob-kind.ts';
import type { ReconcileResult } from './result.ts';
import { WorkQueue } from './work-queue.ts';

export interface ControllerOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  /** Never called twice at once for the same key. */
  readonly reconcile: (key: string) => Promise<ReconcileResult>;
  readonly onError: (error: unknown, key: string | null) => void;
  /** Only this namespace; all when absent. */
  readonly namespace?: string;
  /** Jobs worked on at the same time. */
  readonly concurrency?: number;
  /** Every job is looked at again after this time, in case a change was missed. */
  readonly resyncMs?: number;
}

export class Controller {
  readonly #options: ControllerOptions;
  readonly #queue: WorkQueue;

  constructor(options: ControllerOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({ clock: options.clock });
  }

  enqueue(key: string): void {
    this.#queue.add(key);
  }

  /** Runs until the signal aborts and every reconcile under way has ended. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#queue.close(), { once: true });
    if (signal.aborted) this.#queue.close();
    const workers = Array.from({ length: this.#options.concurrency ?? 4 }, () => this.#work());
    const jobKeys = (object: KubernetesObject): string => keyOf(object.metadata);
    const watches = [
      this.#watch(PPO_JOBS, jobKeys, signal),
      this.#watch(PODS, ownerKeyOf, signal),
      this.#watch(SERVICES, ownerKeyOf, signal),
      this.#watch(CONFIG_MAPS, ownerKeyOf, signal),
    ];
    await Promise.all([...workers, ...watches, this.#resync(signal)]);
  }

  async #watch<T extends KubernetesObject>(
    kind: ResourceKind<T>,
    keyOfObject: (object: KubernetesObject) => string | null,
    signal: AbortSignal,
  ): Promise<void> {
    const { cluster, clock, onError, namespace } = this.#options;
    const options = { clock, signal, onError: (error: unknown) => onError(error, null) };
    const updates = follow(cluster, kind, namespace === undefined ? options : { ...options, namespace });
    for await (const update of updates) {
      // A list shows what is there, not what has gone since the last watch: every job may have lost a child.
      if (update.type === 'LISTED') await this.#enqueueAll();
      else this.#enqueueKey(keyOfObject(update.object));
    }
  }

  async #resync(signal: AbortSignal): Promise<void> {
    const { clock, resyncMs = 600_000 } = this.#options;
    while (!signal.aborted) {
      await sleep(resyncMs, { clock, signal });
      if (!signal.aborted) await this.#enqueueAll();
    }
  }

  #enqueueKey(key: string | null): void {
    if (key !== null) this.#queue.add(key);
  }

  async #enqueueAll(): Promise<void> {
    const { cluster, namespace, onError } = this.#options;
    try {
      const jobs = await cluster.list(PPO_JOBS, namespace === undefined ? {} : { namespace });
      for (const job of jobs.items) this.#queue.add(keyOf(job.metadata));
    } catch (error) {
      onError(error, null);
    }
  }

  async #work(): Promise<void> {
    for (;;) {
      const key = await this.#queue.take();
      if (key === null) return;
      try {
        this.#requeue(key, await this.#options.reconcile(key));
      } catch (error) {
        this.#requeue(key, { type: 'retry', error });
      } finally {
        this.#queue.done(key);
      }
    }
  }

  #requeue(key: string, result: ReconcileResult): void {
    if (result.type === 'retry') {
      if (result.error !== null) this.#options.onError(result.error, key);
      this.#queue.addWithBackoff(key);
      return;
    }
    this.#queue.forget(key);
    if (result.type === 'requeueAfter') this.#queue.addAfter(key, result.delayMs);
  }
}
