// Credentials that are read again now and then, since tokens and certificates are replaced: once for all who ask meanwhile,
// for reading may mean that a program is run. It refuses to know where they lie.

import type { Clock } from './clock.ts';
import type { Credentials, ServerAccess } from './credentials.ts';

/** As often as client-go: tokens live for an hour and are replaced well before. */
const MAX_AGE_MS = 30_000;

export abstract class RememberedCredentials implements Credentials {
  abstract readonly namespace: string;
  readonly #clock: Clock;
  #known: { readonly access: Promise<ServerAccess>; atMs: number } | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  protected abstract read(): Promise<ServerAccess>;

  access(): Promise<ServerAccess> {
    if (this.#known !== null && this.#clock.monotonicMs() - this.#known.atMs < MAX_AGE_MS) return this.#known.access;
    // Its age counts from when it is there: somebody may have to log in for it.
    const known = { access: this.read(), atMs: Number.POSITIVE_INFINITY };
    this.#known = known;
    known.access.then(
      () => {
        known.atMs = this.#clock.monotonicMs();
      },
      () => {
        // What could not be read is not remembered.
        if (this.#known === known) this.#known = null;
      },
    );
    return known.access;
  }

  forget(): void {
    this.#known = null;
  }
}
