// Which kinds a cluster serves: asked of the API server, and remembered for a while, since kinds come and go with what is
// installed. It refuses to know what any of them is for.

import type { Clock } from './clock.ts';
import type { ResourceKind } from './cluster.ts';
import { NotFoundError } from './errors.ts';
import type { JsonObject } from './json.ts';
import type { KubernetesTransport } from './kubernetes-transport.ts';
import type { KubernetesObject } from './objects.ts';

type Kind = Pick<ResourceKind<KubernetesObject>, 'apiVersion' | 'plural'>;

export interface Discovery {
  /** May fail with a ClusterError: then nobody knows. */
  serves(kind: Kind): Promise<boolean>;
}

interface Answer {
  readonly plurals: Promise<ReadonlySet<string>>;
  readonly untilMs: number;
}

const REMEMBER_MS = 60_000;

export class KubernetesDiscovery implements Discovery {
  readonly #transport: KubernetesTransport;
  readonly #clock: Clock;
  readonly #answers = new Map<string, Answer>();

  constructor(transport: KubernetesTransport, clock: Clock) {
    this.#transport = transport;
    this.#clock = clock;
  }

  async serves({ apiVersion, plural }: Kind): Promise<boolean> {
    return (await this.#pluralsOf(apiVersion)).has(plural);
  }

  #pluralsOf(apiVersion: string): Promise<ReadonlySet<string>> {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#answers.get(apiVersion);
    if (known !== undefined && known.untilMs > nowMs) return known.plurals;
    const plurals = this.#ask(apiVersion);
    this.#answers.set(apiVersion, { plurals, untilMs: nowMs + REMEMBER_MS });
    // No answer is not remembered.
    plurals.catch(() => this.#answers.delete(apiVersion));
    return plurals;
  }

  async #ask(apiVersion: string): Promise<ReadonlySet<string>> {
    const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    try {
      const subject = { title: `the kinds of ${apiVersion}`, name: null };
      const answer = await this.#transport.request({ method: 'GET', path, subject });
      return new Set(((answer.resources ?? []) as JsonObject[]).map(({ name }) => String(name)));
    } catch (error) {
      if (error instanceof NotFoundError) return new Set();
      throw error;
    }
  }
}
