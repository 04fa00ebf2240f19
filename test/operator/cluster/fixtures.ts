// Builders and a manual clock for tests around a cluster. Knows nothing of what is tested.

import type { Clock } from '../../../operator/cluster/clock.ts';
import type { Cluster } from '../../../operator/cluster/cluster.ts';
import type { ConfigMap, Event, ObjectReference, Pod, PodSpec, WatchEvent } from '../../../operator/cluster/objects.ts';

export const NAMESPACE = 'default';
export const WRITER = { fieldManager: 'test' };

export function buildConfigMap(name: string, data: Record<string, string> = {}): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: NAMESPACE }, data };
}

export function buildPod(name: string, spec: Partial<PodSpec> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: NAMESPACE },
    spec: { containers: [{ name: 'worker', image: 'image' }], terminationGracePeriodSeconds: 5, ...spec },
  };
}

export function buildEvent(name: string, about: Omit<ObjectReference, 'apiVersion'>): Event {
  const time = '2026-01-01T00:00:00Z';
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace: about.namespace },
    involvedObject: { apiVersion: 'v1', ...about },
    ...{ type: 'Normal', reason: 'Test', message: `of ${about.name}`, count: 1 },
    ...{ firstTimestamp: time, lastTimestamp: time, source: { component: 'test' } },
  };
}

/** Reads the next `count` events as "TYPE name", then ends the watch. */
export async function readEvents(events: AsyncIterable<WatchEvent<ConfigMap | Pod>>, count: number): Promise<string[]> {
  const seen: string[] = [];
  for await (const event of events) {
    seen.push(`${event.type} ${event.object.metadata.name}`);
    if (seen.length === count) break;
  }
  return seen;
}

/** Time that moves only when told. */
export class ManualClock implements Clock {
  #nowMs = Date.UTC(2026, 0, 1);
  #setByMs = 0;
  #timers: { atMs: number; callback: () => void }[] = [];

  nowMs(): number {
    return this.#nowMs + this.#setByMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  /** Somebody sets the wall clock; nothing becomes due by that. */
  set(byMs: number): void {
    this.#setByMs += byMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Delays of the timers that wait. */
  get waitingMs(): number[] {
    return this.#timers.map((timer) => timer.atMs - this.#nowMs).sort((a, b) => a - b);
  }

  /** Moves time and fires what is due, in order; lets promises run in between. */
  async advance(byMs: number): Promise<void> {
    const endMs = this.#nowMs + byMs;
    await settle();
    for (;;) {
      const due = this.#timers.filter((timer) => timer.atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.#nowMs = due.atMs;
      due.callback();
      await settle();
    }
    this.#nowMs = endMs;
    await settle();
  }
}

/** Lets everything that needs no timer finish. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** `cluster` with some of its methods in other hands. */
export function overrideCluster(cluster: Cluster, overrides: Partial<Cluster>): Cluster {
  return {
    get: (kind, name) => cluster.get(kind, name),
    list: (kind, options) => cluster.list(kind, options),
    watch: (kind, options) => cluster.watch(kind, options),
    create: (kind, object, options) => cluster.create(kind, object, options),
    apply: (kind, object, options) => cluster.apply(kind, object, options),
    update: (kind, object, options) => cluster.update(kind, object, options),
    updateStatus: (kind, object, options) => cluster.updateStatus(kind, object, options),
    delete: (kind, name, options) => cluster.delete(kind, name, options),
    ...overrides,
  };
}
