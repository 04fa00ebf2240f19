// Whether this process does its work, for the kubelet's probes: a leader that hangs is ended and another one takes over. What
// merely fails is no reason: a server that is away is not brought back by a restart. It refuses to know HTTP. A process whose
// event loop is blocked answers no probe at all.

import type { Clock } from './cluster/clock.ts';
import type { RunningController } from './reconcile/controller.ts';

/** Every request ends within half a minute: something must begin or end within that time while keys wait. */
const STUCK_MS = 300_000;
/** No reconcile takes so long, be the server ever so slow. */
const HUNG_MS = 1_800_000;
/** Watches bring a bookmark a minute, and end by themselves after two minutes without. */
const SILENT_MS = 600_000;
/** An attempt takes seconds, and the next one follows after seconds. */
const NO_ATTEMPT_MS = 120_000;
/** A leader ends within moments of losing its lease. */
const LEASE_LOST_MS = 60_000;

export class OperatorHealth {
  readonly #clock: Clock;
  #attemptedAtMs: number | null = null;
  #takesPart = false;
  #isElected = false;
  #isHeld: () => boolean = () => true;
  #heldAtMs = 0;
  #controller: RunningController | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An attempt to hold the lease has ended; `isAnswered`: the cluster said whose it is. */
  onElectionAttempt(isAnswered: boolean): void {
    this.#attemptedAtMs = this.#clock.monotonicMs();
    this.#takesPart ||= isAnswered;
  }

  /** `isHeld`: whether nobody else may lead. */
  onElected(isHeld: () => boolean): void {
    this.#isElected = true;
    this.#isHeld = isHeld;
    this.#heldAtMs = this.#clock.monotonicMs();
  }

  onController(controller: RunningController): void {
    this.#controller = controller;
  }

  /** Why the process should be ended; null while all is well. */
  problem(): string | null {
    return this.#leaseProblem() ?? this.#electionProblem() ?? this.#controllerProblem();
  }

  /** Why the process is of no use yet; null once it leads and knows the cluster, or waits for its turn to lead. */
  whyNotReady(): string | null {
    if (!this.#isElected) return this.#takesPart ? null : 'it does not know yet who leads';
    if (this.#controller === null) return 'it has only just been elected';
    const missing = this.#controller.unsyncedKinds();
    return missing.length === 0 ? null : `not listed yet: ${missing.join(', ')}`;
  }

  #leaseProblem(): string | null {
    const nowMs = this.#clock.monotonicMs();
    if (!this.#isElected || this.#isHeld()) {
      this.#heldAtMs = nowMs;
      return null;
    }
    return nowMs - this.#heldAtMs > LEASE_LOST_MS ? 'the lease is lost, and the process has not ended' : null;
  }

  #electionProblem(): string | null {
    if (this.#attemptedAtMs === null) return null;
    const silentMs = this.#clock.monotonicMs() - this.#attemptedAtMs;
    return silentMs > NO_ATTEMPT_MS ? `no attempt to hold the lease for ${seconds(silentMs)}` : null;
  }

  #controllerProblem(): string | null {
    if (this.#controller === null) return null;
    const { stuckMs, longestMs, depth } = this.#controller.statistics();
    if (stuckMs > STUCK_MS) {
      return `${depth} jobs wait, and no reconcile has begun or ended for ${seconds(stuckMs)}`;
    }
    if (longestMs > HUNG_MS) return `a reconcile has not ended for ${seconds(longestMs)}`;
    const { kind, silentMs } = this.#controller.mostSilentWatch();
    return silentMs > SILENT_MS ? `the watch of ${kind} has been silent for ${seconds(silentMs)}` : null;
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
