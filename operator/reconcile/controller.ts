// The loop around a reconciler: follows jobs and their children into a cache, turns each change into the job's key, and
// reconciles keys, one worker a key. It refuses to know what reconciling does.
//
// Consumes: a cluster's watches, and keys from `enqueue`. Waits for: keys. Unblocked by: changes, back-offs, the resync.

import type { Clock } from '../cluster/clock.ts';
import { type Cluster, CONFIG_MAPS, PODS, type ResourceKind, SERVICES } from '../cluster/cluster.ts';
import { follow, sleep } from '../cluster/list-watch.ts';
import type { ObjectCache } from '../cluster/object-cache.ts';
import type { KubernetesObject, WatchEvent } from '../cluster/objects.ts';
import { keyOf, nameOfKey, ownerKeyOf, PPO_JOBS } from './ppojob-kind.ts';
import type { ReconcileResult } from './result.ts';
import { type QueueObserver, type QueueStatistics, WorkQueue } from './work-queue.ts';

/** Told what happens, for metrics. */
export interface ControllerObserver {
  readonly queue: QueueObserver;
  onStart(controller: RunningController): void;
  onReconcile(result: ReconcileResult, durationMs: number): void;
}

/** What may be asked of a controller while it runs. */
export interface RunningController {
  readonly concurrency: number;
  statistics(): QueueStatistics;
  /** Kinds that must be listed before anything of their namespace is reconciled, and aren't yet. */
  unsyncedKinds(): readonly string[];
  /** The watch that has neither brought nor tried anything for longest. */
  mostSilentWatch(): { readonly kind: string; readonly silentMs: number };
}

export interface ControllerOptions {
  readonly cluster: Cluster;
  /** What the controller follows lands here before anything is reconciled. */
  readonly cache: ObjectCache;
  readonly clock: Clock;
  /** Never called twice at once for the same key, nor before all kinds have been listed in its namespace. */
  readonly reconcile: (key: string) => Promise<ReconcileResult>;
  readonly onError: (error: unknown, key: string | null) => void;
  /** Only these namespaces, as the cache expects them; all when absent. One that can't be listed holds up no other. */
  readonly namespaces?: readonly string[];
  /** Labels that every child has, so that nobody else's objects are followed; none when absent. */
  readonly childLabels?: Readonly<Record<string, string>>;
  /** Jobs worked on at the same time. */
  readonly concurrency?: number;
  /** Every job is looked at again after this time, in case a change was missed. */
  readonly resyncMs?: number;
  readonly observer?: ControllerObserver;
  /** How long the reconcile that a change of this child asks for may wait for further ones; not at all when absent. */
  readonly patienceMs?: (child: KubernetesObject) => number;
}

const DEFAULT_CONCURRENCY = 4;
const DEFAULT_RESYNC_MS = 600_000;
const CHILD_KINDS: readonly ResourceKind<KubernetesObject>[] = [PODS, SERVICES, CONFIG_MAPS];
const NEEDED_KINDS: readonly ResourceKind<KubernetesObject>[] = [PPO_JOBS, ...CHILD_KINDS];

/** Null: all namespaces at once. */
type Scope = string | null;

export class Controller {
  readonly #options: ControllerOptions;
  readonly #queue: WorkQueue;
  /** Kinds that are followed besides, by group, version and name. */
  readonly #others = new Set<string>();
  readonly #watches: Promise<void>[] = [];
  /** When each watch last showed a sign of life, by what it watches. */
  readonly #signsMs = new Map<string, number>();
  #startWatch: ((kind: ResourceKind<KubernetesObject>) => void) | null = null;

  constructor(options: ControllerOptions) {
    this.#options = options;
    const { clock, observer } = options;
    this.#queue = new WorkQueue({ clock, ...(observer !== undefined && { observer: observer.queue }) });
  }

  enqueue(key: string): void {
    this.#queue.add(key);
  }

  /** Follows children of another kind from now on, while it runs. To ask again changes nothing. */
  follow(kind: ResourceKind<KubernetesObject>): void {
    const name = `${kind.apiVersion}/${kind.plural}`;
    if (this.#startWatch === null || this.#others.has(name)) return;
    this.#others.add(name);
    this.#startWatch(kind);
  }

  /** Runs until the signal aborts and every reconcile under way has ended. */
  async run(signal: AbortSignal): Promise<void> {
    const { concurrency = DEFAULT_CONCURRENCY, observer, childLabels = {} } = this.#options;
    const scopes = this.#scopes();
    signal.addEventListener('abort', () => this.#queue.close(), { once: true });
    if (signal.aborted) this.#queue.close();
    observer?.onStart({
      concurrency,
      statistics: () => this.#queue.statistics,
      unsyncedKinds: () => this.#unsyncedKinds(),
      mostSilentWatch: () => this.#mostSilentWatch(),
    });
    const synced = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => synced.resolve(), { once: true });
    if (signal.aborted) synced.resolve();
    const onListed = (): void => {
      if (scopes.some((scope) => this.#unsyncedIn(scope).length === 0)) synced.resolve();
    };
    this.#startWatch = (kind) => {
      const options = { keyOfObject: ownerKeyOf, labels: childLabels, signal, onListed };
      for (const namespace of scopes) this.#watches.push(this.#watch(kind, { ...options, namespace }));
    };
    const ofJobs = { keyOfObject: (object: KubernetesObject) => keyOf(object.metadata), labels: {}, signal, onListed };
    for (const namespace of scopes) this.#watches.push(this.#watch(PPO_JOBS, { ...ofJobs, namespace }));
    for (const kind of CHILD_KINDS) this.#startWatch(kind);
    await synced.promise;
    const workers = Array.from({ length: concurrency }, () => this.#work());
    await Promise.all([...workers, ...this.#watches, this.#resync(signal)]);
    // Those that were asked for meanwhile.
    await Promise.all(this.#watches);
  }

  #scopes(): readonly Scope[] {
    return this.#options.namespaces ?? [null];
  }

  #unsyncedKinds(): string[] {
    return this.#scopes().flatMap((scope) => this.#unsyncedIn(scope).map((kind) => titleOf(kind, scope)));
  }

  #unsyncedIn(scope: Scope): ResourceKind<KubernetesObject>[] {
    return NEEDED_KINDS.filter((kind) => !this.#options.cache.isSynced(kind, scope ?? undefined));
  }

  #mostSilentWatch(): { kind: string; silentMs: number } {
    const nowMs = this.#options.clock.monotonicMs();
    const silences = [...this.#signsMs].map(([kind, atMs]) => ({ kind, silentMs: nowMs - atMs }));
    return silences.reduce((a, b) => (b.silentMs > a.silentMs ? b : a), { kind: 'nothing', silentMs: 0 });
  }

  async #watch<T extends KubernetesObject>(kind: ResourceKind<T>, options: WatchedKind): Promise<void> {
    const { cluster, clock, onError, cache } = this.#options;
    const { namespace } = options;
    const title = titleOf(kind, namespace);
    const onSign = (): void => void this.#signsMs.set(title, clock.monotonicMs());
    onSign();
    const updates = follow(cluster, kind, {
      onSign,
      ...{ clock, signal: options.signal, labels: options.labels },
      onError: (error: unknown) => onError(error, null),
      ...(namespace !== null && { namespace }),
    });
    for await (const update of updates) {
      const keysBefore = update.type === 'LISTED' ? this.#jobKeys() : [];
      const isNews = cache.apply(kind, update, namespace);
      if (update.type === 'LISTED') {
        options.onListed();
        // A list shows what is there, not what has gone since the last watch: every job may have lost a child, or has gone.
        this.#enqueueAll([...keysBefore, ...this.#jobKeys()]);
      } else if (isNews || update.type !== 'ADDED') {
        // What we have made ourselves was taken into account when it was made.
        this.#enqueueChange(options.keyOfObject(update.object), update);
      }
    }
  }

  async #resync(signal: AbortSignal): Promise<void> {
    const { clock, resyncMs = DEFAULT_RESYNC_MS } = this.#options;
    while (!signal.aborted) {
      await sleep(resyncMs, { clock, signal });
      if (!signal.aborted) this.#enqueueAll(this.#jobKeys());
    }
  }

  #enqueueChange(key: string | null, { type, object }: WatchEvent<KubernetesObject>): void {
    // Before that it would be judged by less than there is; the list that is awaited asks for all jobs.
    if (key === null || this.#unsyncedIn(nameOfKey(key).namespace).length > 0) return;
    const waitMs = type === 'DELETED' ? 0 : (this.#options.patienceMs?.(object) ?? 0);
    if (waitMs > 0) this.#queue.addAfter(key, waitMs);
    else this.#queue.add(key);
  }

  #enqueueAll(keys: readonly string[]): void {
    for (const key of keys) if (this.#unsyncedIn(nameOfKey(key).namespace).length === 0) this.#queue.add(key, 'low');
  }

  #jobKeys(): string[] {
    return this.#options.cache.list(PPO_JOBS).map(({ metadata }) => keyOf(metadata));
  }

  async #work(): Promise<void> {
    for (;;) {
      const key = await this.#queue.take();
      if (key === null) return;
      const startMs = this.#options.clock.monotonicMs();
      const result = await this.#reconcile(key);
      this.#options.observer?.onReconcile(result, this.#options.clock.monotonicMs() - startMs);
      this.#requeue(key, result);
      this.#queue.done(key);
    }
  }

  async #reconcile(key: string): Promise<ReconcileResult> {
    try {
      return await this.#options.reconcile(key);
    } catch (error) {
      return { type: 'retry', error };
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

function titleOf({ plural }: ResourceKind<KubernetesObject>, scope: Scope): string {
  return scope === null ? plural : `${plural} in ${scope}`;
}

interface WatchedKind {
  readonly keyOfObject: (object: KubernetesObject) => string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly onListed: () => void;
  readonly namespace: Scope;
}
