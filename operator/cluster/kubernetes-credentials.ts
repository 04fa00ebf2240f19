// Where the API server is and how to prove who we are by a kubeconfig, read by client-node. It refuses to know
// requests.

import type { AgentOptions, RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from './clock.ts';
import type { LoadOptions, ServerAccess } from './credentials.ts';
import { RememberedCredentials } from './remembered-credentials.ts';

const TLS_KEYS = ['ca', 'cert', 'key', 'pfx', 'passphrase', 'rejectUnauthorized', 'servername'] as const;

export class KubernetesCredentials extends RememberedCredentials {
  readonly #config: KubeConfig;

  constructor(config: KubeConfig, clock: Clock) {
    super(clock);
    this.#config = config;
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

  /** client-node reads the CA's file at every question; tokens it reads once a minute. */
  protected async read(): Promise<ServerAccess> {
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
