/**
 * The membership epoch as a worker sees it: a fencing token that only rises. Knows nothing of who the members are.
 */
import * as grpc from '@grpc/grpc-js';
import { RpcError } from './rpc.ts';

/** Refuses what belongs to a membership that is no more. */
export class EpochFence {
  #epoch = 0;
  readonly #listeners = new Set<(epoch: number) => void>();

  get epoch(): number {
    return this.#epoch;
  }

  /** Admits a message of `epoch`. A newer one is adopted; an older one throws RpcError FAILED_PRECONDITION. */
  admit(epoch: number): void {
    if (epoch < this.#epoch) {
      throw new RpcError(
        grpc.status.FAILED_PRECONDITION,
        `epoch ${epoch} is over: the membership is at epoch ${this.#epoch}`,
      );
    }
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    for (const listener of this.#listeners) listener(epoch);
  }

  /** Calls `listener` after each rise. Returns how to stop it. */
  onRaise(listener: (epoch: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
