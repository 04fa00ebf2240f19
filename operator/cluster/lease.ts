// Leader election by a Lease, by client-go's rules: of all who ask, at most one leads at a time, whatever their clocks say,
// for each measures by its own how long the holder has been silent. It refuses to know what leading means.
//
// Consumes: the Lease. Waits for: the retry period. Unblocked by: the clock, the signal, the end of what leading runs.

import type { Clock } from './clock.ts';
import type { Cluster, ObjectName, ResourceKind } from './cluster.ts';
import { AlreadyExistsError, ConflictError, NotFoundError } from './errors.ts';
import { sleep } from './list-watch.ts';
import type { KubernetesObject, Stored } from './objects.ts';

export interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

export interface Lease extends KubernetesObject {
  readonly spec?: LeaseSpec;
}

export const LEASES: ResourceKind<Lease> = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  plural: 'leases',
  hasStatus: false,
};

export interface LeaseTimings {
  /** How long others wait after the last sign of life before they take over. */
  readonly leaseDurationMs: number;
  /** A leader that could not renew for so long stops leading; less than the lease's duration, so that nobody else leads. */
  readonly renewDeadlineMs: number;
  /** Between two attempts, to renew or to take over. */
  readonly retryPeriodMs: number;
}

/** client-go's. */
export const DEFAULT_TIMINGS: LeaseTimings = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2000 };

export interface LeaderElectionOptions {
  /** Its requests should fail well before the renew deadline. */
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly lease: ObjectName;
  /** Unique among all who ask, also after a restart. */
  readonly identity: string;
  readonly timings?: LeaseTimings;
  /** In [0, 1): spreads those who wait. */
  readonly random: () => number;
  /** A failed attempt; attempts go on. */
  readonly onError: (error: unknown) => void;
  /** An attempt has ended; `isAnswered`: the cluster said whose the lease is. */
  readonly onAttempt?: (isAnswered: boolean) => void;
  readonly onLeading?: (isLeading: boolean) => void;
}

/** 'stopped': by the signal, and the lease is given back. 'lost': somebody else may lead now. 'ended': `lead` is over. */
export type LeadershipEnd = 'stopped' | 'lost' | 'ended';

const JITTER = 1.2;

/**
 * Waits until elected, then runs `lead` until it ends, the signal aborts or leadership is lost; then its signal aborts.
 * `isHeld` turns false at the very moment from which somebody else may lead, also while this process' timers are late.
 */
export async function leadWhenElected(
  options: LeaderElectionOptions,
  signal: AbortSignal,
  lead: (signal: AbortSignal, isHeld: () => boolean) => Promise<void>,
): Promise<LeadershipEnd> {
  const elector = new Elector(options);
  if (!(await elector.untilElected(signal))) return 'stopped';
  options.onLeading?.(true);
  const leading = new AbortController();
  const running = lead(leading.signal, () => elector.isHeld).finally(() => leading.abort());
  // Its failure is heard of below, once a renewal that is under way has ended.
  running.catch(() => {});
  const stop = (): void => leading.abort();
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const isLost = !(await elector.renewUntil(leading.signal));
  leading.abort();
  signal.removeEventListener('abort', stop);
  try {
    await running;
  } finally {
    options.onLeading?.(false);
    if (!isLost) await elector.release();
  }
  if (isLost) return 'lost';
  return signal.aborted ? 'stopped' : 'ended';
}

class Elector {
  readonly #options: LeaderElectionOptions;
  readonly #timings: LeaseTimings;
  /** The lease as last seen, and since when by our own clock. */
  #observed: { readonly lease: Stored<Lease>; readonly sinceMs: number } | null = null;
  #renewedAtMs = 0;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#timings = options.timings ?? DEFAULT_TIMINGS;
  }

  /** False when the signal came first. */
  async untilElected(signal: AbortSignal): Promise<boolean> {
    const { random, clock } = this.#options;
    while (!signal.aborted) {
      if (await this.#attempt()) return true;
      await sleep(this.#timings.retryPeriodMs * (1 + JITTER * random()), { signal, clock });
    }
    return false;
  }

  /** Renews until the signal aborts (true) or the lease couldn't be renewed in time (false). */
  async renewUntil(signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      await sleep(Math.min(this.#timings.retryPeriodMs, this.#leftMs()), { signal, clock });
      if (signal.aborted) return true;
      if (this.#leftMs() <= 0) return false;
      // A request that hangs must not hide that time is up.
      const waiting = new AbortController();
      const timeUp = sleep(this.#leftMs(), { signal: waiting.signal, clock });
      await Promise.race([this.#attempt(), timeUp]);
      waiting.abort();
      if (!this.isHeld) return false;
    }
    return true;
  }

  get isHeld(): boolean {
    return this.#leftMs() > 0 && !this.#isHeldByOther();
  }

  /** Until we must stop leading, were nothing renewed any more. */
  #leftMs(): number {
    return this.#renewedAtMs + this.#timings.renewDeadlineMs - this.#options.clock.monotonicMs();
  }

  /** Lets others take over at once. */
  async release(): Promise<void> {
    const lease = this.#observed?.lease;
    if (lease === undefined || !this.#isOurs(lease)) return;
    const { cluster, identity, onError } = this.#options;
    const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: this.#now() };
    try {
      await cluster.update(LEASES, { ...lease, spec }, { fieldManager: fieldManager(identity) });
    } catch (error) {
      onError(error); // then they wait until it runs out
    }
  }

  /** Whether we hold the lease now. */
  async #attempt(): Promise<boolean> {
    const startMs = this.#options.clock.monotonicMs();
    let isAnswered = true;
    try {
      const lease = await this.#read();
      if (lease !== null && !this.#isOurs(lease) && !this.#hasRunOut(lease)) return false;
      this.#observe(await this.#write(lease));
      this.#renewedAtMs = startMs;
      return true;
    } catch (error) {
      const hasLostRace = error instanceof ConflictError || error instanceof AlreadyExistsError;
      if (!hasLostRace) this.#options.onError(error);
      isAnswered = hasLostRace;
      return false;
    } finally {
      this.#options.onAttempt?.(isAnswered);
    }
  }

  async #read(): Promise<Stored<Lease> | null> {
    try {
      const lease = await this.#options.cluster.get(LEASES, this.#options.lease);
      this.#observe(lease);
      return lease;
    } catch (error) {
      if (error instanceof NotFoundError) return null;
      throw error;
    }
  }

  #write(lease: Stored<Lease> | null): Promise<Stored<Lease>> {
    const { cluster, identity, lease: name } = this.#options;
    const now = this.#now();
    const isOurs = lease !== null && this.#isOurs(lease);
    const numTransitions = lease?.spec?.leaseTransitions ?? 0;
    const spec: LeaseSpec = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(this.#timings.leaseDurationMs / 1000),
      acquireTime: isOurs ? (lease.spec?.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: lease === null || isOurs ? numTransitions : numTransitions + 1,
    };
    const writer = { fieldManager: fieldManager(identity) };
    if (lease !== null) return cluster.update(LEASES, { ...lease, spec }, writer);
    const { apiVersion, kind } = LEASES;
    return cluster.create(LEASES, { apiVersion, kind, metadata: { ...name }, spec }, writer);
  }

  #observe(lease: Stored<Lease>): void {
    const isSame = JSON.stringify(this.#observed?.lease.spec) === JSON.stringify(lease.spec);
    const sinceMs = isSame && this.#observed !== null ? this.#observed.sinceMs : this.#options.clock.monotonicMs();
    this.#observed = { lease, sinceMs };
  }

  #isOurs({ spec }: Lease): boolean {
    return spec?.holderIdentity === this.#options.identity;
  }

  #isHeldByOther(): boolean {
    const holder = this.#observed?.lease.spec?.holderIdentity;
    return holder !== undefined && holder !== '' && holder !== this.#options.identity;
  }

  #hasRunOut({ spec }: Lease): boolean {
    if (!spec?.holderIdentity) return true;
    const durationMs = (spec.leaseDurationSeconds ?? 0) * 1000;
    return this.#options.clock.monotonicMs() - (this.#observed?.sinceMs ?? 0) >= durationMs;
  }

  /** RFC 3339 with microseconds, as the Lease's times must be. */
  #now(): string {
    return new Date(this.#options.clock.nowMs()).toISOString().replace('Z', '000Z');
  }
}

/** At most 128 characters; the program, not the process. */
function fieldManager(identity: string): string {
  return (identity.split('_')[0] ?? identity).slice(0, 128);
}
