// Where the API server is and how to prove who we are by a kubeconfig, read by client-node: again now and then, since
// tokens and certificates are replaced. It refuses to know requests.

import type { AgentOptions, RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from './clock.ts';
import type { Credentials, LoadOptions, ServerAccess } from './credentials.ts';

/** client-node reads the CA's file at every question; tokens it reads once a minute. */
const MAX_AGE_MS = 30_000;
const TLS_KEYS = ['ca', 'cert', 'key', 'pfx', 'passphrase', 'rejectUnauthorized', 'servername'] as const;

export class KubernetesCredentials implements Credentials {
  readonly #config: KubeConfig;
  readonly #clock: Clock;
  #known: { readonly access: ServerAccess; readonly atMs: number } | null = null;

  constructor(config: KubeConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
    if (config.getCurrentCluster() === null) {
      throw new Error(`the kubeconfig's current context "${config.getCurrentContext()}" names no cluster that it has`);
    }
  }

  static load(options: LoadOptions, clock: Clock): KubernetesCredentials {
    const config = new KubeConfig();
    if (options.kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(options.kubeconfig);
    if (options.context !== undefined) config.setCurrentContext(options.context);
    return new KubernetesCredentials(config, clock);
  }

  get namespace(): string {
    return this.#config.getContextObject(this.#config.getCurrentContext())?.namespace ?? 'default';
  }

  async access(): Promise<ServerAccess> {
    const atMs = this.#clock.monotonicMs();
    if (this.#known !== null && atMs - this.#known.atMs < MAX_AGE_MS) return this.#known.access;
    const access = await this.#read();
    this.#known = { access, atMs };
    return access;
  }

  forget(): void {
    this.#known = null;
  }

  async #read(): Promise<ServerAccess> {
    const cluster = this.#config.getCurrentCluster();
    const options: RequestOptions = {};
    await this.#config.applyToHTTPSOptions(options);
    const tls: AgentOptions = Object.fromEntries(
      TLS_KEYS.map((key) => [key, options[key]]).filter(([, value]) => value !== undefined),
    );
    const headers = Object.fromEntries(
      Object.entries(options.headers ?? {}).map(([name, value]) => [name, String(value).trim()]),
    );
    if (options.auth) headers.Authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
    const dispatcher = this.#config.createDispatcherOptions(cluster, tls);
    return {
      server: (cluster?.server ?? '').replace(/\/+$/, ''),
      headers,
      dispatcher,
      connectionKey: JSON.stringify([cluster?.server, dispatcher]),
    };
  }
}
