// The page of an operator in a cluster: from the cache of the one that leads; from the API server while another one leads,
// without curves, which only the leader hears. It refuses to know how the page looks.

import { readFileSync } from 'node:fs';
import type { Clock } from '../cluster/clock.ts';
import type { Cluster, ObjectName } from '../cluster/cluster.ts';
import { LEASES } from '../cluster/lease.ts';
import { type FigureSource, FigureStore } from '../reconcile/figures.ts';
import type { PageAddress } from './page-address.ts';
import type { PageHost } from './page-api.ts';
import { type PageReading, PageSource } from './page-source.ts';
import { type PageServer, startPageServer } from './server.ts';

export interface OperatorPageOptions {
  readonly address: PageAddress;
  readonly clock: Clock;
  /** Read while this operator doesn't lead. */
  readonly cluster: Cluster;
  /** By which the leader is elected, and where it is read; null: nobody else may lead. */
  readonly lease: { readonly name: ObjectName; readonly cluster: Cluster } | null;
  /** The operator's own namespace; null where it is in no pod. */
  readonly namespace: string | null;
  /** Only these namespaces' jobs; null: all. */
  readonly jobsOf: readonly string[] | null;
  readonly onError: (error: unknown) => void;
}

const NO_FIGURES_YET: FigureSource = { read: () => null };

export class OperatorPage {
  readonly figures: FigureStore;
  readonly #options: OperatorPageOptions;
  readonly #version = productVersion();
  #leading: Cluster | null = null;
  #server: PageServer | null = null;

  private constructor(options: OperatorPageOptions) {
    this.#options = options;
    this.figures = new FigureStore({ clock: options.clock });
  }

  /** Rejects when the address is taken. */
  static async start(options: OperatorPageOptions): Promise<OperatorPage> {
    const { address, clock, onError } = options;
    const page = new OperatorPage(options);
    const source = new PageSource({ clock, read: () => page.#read() });
    page.#server = await startPageServer({ address, source, onError });
    return page;
  }

  get url(): string {
    return this.#server?.url ?? '';
  }

  /** From now on this operator leads, and this is what it reads. */
  lead(cluster: Cluster): void {
    this.#leading = cluster;
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  async #read(): Promise<PageReading> {
    const { cluster, namespace, jobsOf } = this.#options;
    const host = { namespace, jobsOf, version: this.#version };
    if (this.#leading !== null) {
      const leading: PageHost = { ...host, mode: 'leading', leader: null };
      return { cluster: this.#leading, host: leading, figures: this.figures };
    }
    const leader = await this.#findLeader();
    return { cluster, host: { ...host, mode: 'following', leader }, figures: NO_FIGURES_YET };
  }

  /** The pod of whoever holds the lease; null where that can't be told. */
  async #findLeader(): Promise<string | null> {
    const { lease } = this.#options;
    if (lease === null) return null;
    try {
      const { spec } = await lease.cluster.get(LEASES, lease.name);
      // An identity is the pod's name and something that no other process has.
      return spec?.holderIdentity?.replace(/_[^_]*$/, '') || null;
    } catch {
      return null;
    }
  }
}

export function productVersion(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}
