/**
 * A job, its pods and its events as they change. It refuses to know what they mean.
 *
 * Consumes: three watches. Waits for: a change, or a second's end, since times go on by themselves. Unblocked by: either,
 * or the signal.
 */
import { LABELS } from '../api/names.ts';
import type { Clock } from '../cluster/clock.ts';
import {
  type Cluster,
  EVENTS,
  type ListOptions,
  type ObjectName,
  PODS,
  type ResourceKind,
} from '../cluster/cluster.ts';
import { follow, sleep, type Update } from '../cluster/list-watch.ts';
import type { Event, KubernetesObject, Pod, Stored } from '../cluster/objects.ts';
import { PPO_JOBS, type PPOJobObject } from '../reconcile/ppojob-kind.ts';
import { fieldsOfEvents } from './events.ts';

export interface Snapshot {
  /** Null: it is gone. */
  readonly job: Stored<PPOJobObject> | null;
  readonly pods: readonly Stored<Pod>[];
  /** Of the job. */
  readonly events: readonly Stored<Event>[];
  /** Why what is shown may be old; null while it is not. */
  readonly problem: string | null;
}

export interface FeedOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const SHORTEST_INTERVAL_MS = 250;
const LONGEST_INTERVAL_MS = 1000;

/**
 * Snapshots until the signal aborts, at most four a second; the first when everything has been listed once. Throws what
 * hinders that; later hindrances are told, and tried again.
 */
export async function* feedJob(options: FeedOptions, job: ObjectName): AsyncGenerator<Snapshot> {
  const { cluster, clock } = options;
  const { namespace, name } = job;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  let changed = Promise.withResolvers<void>();
  const context = { cluster, clock, signal, onChange: () => changed.resolve() };
  const jobs = new Tracked(context, PPO_JOBS, { namespace, fields: { 'metadata.name': name } });
  const pods = new Tracked(context, PODS, { namespace, labels: { [LABELS.job]: name } });
  const events = new Tracked(context, EVENTS, { namespace, fields: fieldsOfEvents(name) });
  try {
    while (!signal.aborted) {
      changed = Promise.withResolvers<void>();
      for (const { isListed, error } of [jobs, pods]) if (!isListed && error !== null) throw error;
      // Events may be forbidden where the rest is not.
      if (jobs.isListed && pods.isListed && (events.isListed || events.error !== null)) {
        const problem = (jobs.error ?? pods.error)?.message ?? null;
        yield { job: jobs.items[0] ?? null, pods: pods.items, events: events.items, problem };
        await sleep(SHORTEST_INTERVAL_MS, context);
      }
      await Promise.race([changed.promise, sleep(LONGEST_INTERVAL_MS, context)]);
    }
  } finally {
    stop.abort();
  }
}

/** The objects of one kind, kept up to date. */
class Tracked<T extends KubernetesObject> {
  /** All objects are known. */
  isListed = false;
  /** Why they may have changed since. */
  error: Error | null = null;
  readonly #objects = new Map<string, Stored<T>>();

  constructor(
    { cluster, clock, signal, onChange }: FeedOptions & { readonly onChange: () => void },
    kind: ResourceKind<T>,
    options: ListOptions,
  ) {
    const onError = (error: unknown): void => {
      this.error = error instanceof Error ? error : new Error(String(error));
      onChange();
    };
    void this.#run(follow(cluster, kind, { ...options, clock, signal, onError }), onChange);
  }

  get items(): Stored<T>[] {
    return [...this.#objects.values()];
  }

  async #run(updates: AsyncIterable<Update<T>>, onChange: () => void): Promise<void> {
    for await (const update of updates) {
      this.error = null;
      if (update.type === 'LISTED') {
        this.isListed = true;
        this.#objects.clear();
        for (const object of update.items) this.#objects.set(object.metadata.uid, object);
      } else if (update.type === 'DELETED') this.#objects.delete(update.object.metadata.uid);
      else this.#objects.set(update.object.metadata.uid, update.object);
      onChange();
    }
  }
}
