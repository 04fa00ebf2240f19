/**
 * How long a step that several members take together is tried again: while a member doesn't answer, until the membership
 * says that it is lost or has been waited for long enough; after any other failure, a few times.
 * Knows nothing of the step.
 */
import { setTimeout as delay } from 'node:timers/promises';
import * as grpc from '@grpc/grpc-js';
import { RpcError } from '../service/rpc.ts';
import type { Membership } from './membership.ts';

/** Failures other than silence, with no change of membership to explain them. The pause doubles: 6 s in all, in which a
 * sidecar that died is back. */
const MAX_FAILURES = 7;
const FIRST_PAUSE_MS = 100;
/** Between two tries while a member doesn't answer: its loss or its replacement ends the pause. */
const SILENT_PAUSE_MS = 500;

export class Patience {
  readonly #membership: Membership;
  readonly #waitMs: number;
  #silentSinceMs: number | null = null;
  #failures = 0;

  /** `waitMs`: longest wait for a member that neither answers nor is declared lost. */
  constructor(membership: Membership, waitMs: number) {
    this.#membership = membership;
    this.#waitMs = waitMs;
  }

  /**
   * Returns when the step may be tried again, by then at a later epoch than the one it failed in. Throws `error` when
   * patience has run out, or the signal's reason.
   */
  async endure(error: unknown, epoch: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const hasChanged = () => this.#membership.epoch !== epoch;
    if (hasChanged()) return;
    if (error instanceof RpcError && error.code === grpc.status.UNAVAILABLE) {
      const nowMs = performance.now();
      this.#silentSinceMs ??= nowMs;
      if (nowMs - this.#silentSinceMs > this.#waitMs) throw error;
      await this.#membership.waitUntil(hasChanged, SILENT_PAUSE_MS, signal);
    } else {
      const pauseMs = FIRST_PAUSE_MS * 2 ** this.#failures;
      this.#failures++;
      if (this.#failures >= MAX_FAILURES) throw error;
      await delay(pauseMs, undefined, { signal }).catch(() => {});
      signal.throwIfAborted();
    }
    // What was begun in the failed epoch must find itself over.
    if (!hasChanged()) this.#membership.raiseEpoch();
  }
}
