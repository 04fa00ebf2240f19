// Where the API server is and how to prove who we are by a kubeconfig, read by client-node. It refuses to know
// requests.

import type { AgentOptions, RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from './clock.ts';
import type { Impersonation, LoadOptions, ServerAccess } from './credentials.ts';
import { loadKubeconfig, loadKubeconfigs } from './kubeconfig-files.ts';
import { applyOverrides } from './kubeconfig-overrides.ts';
import { RememberedCredentials } from './remembered-credentials.ts';

/** Where client-node looks when it finds no kubeconfig. */
const NOWHERE = 'http://localhost:8080';
const TLS_KEYS = ['ca', 'cert', 'key', 'pfx', 'passphrase', 'rejectUnauthorized', 'servername'] as const;

export class KubernetesCredentials extends RememberedCredentials {
  readonly #config: KubeConfig;
  readonly #impersonation: ServerAccess['headers'];

  constructor(config: KubeConfig, clock: Clock, impersonation?: Impersonation) {
    super(clock);
    this.#config = config;
    this.#impersonation = impersonation === undefined ? {} : impersonationHeaders(impersonation);
    if (config.getCurrentCluster() === null) {
      throw new Error(`the kubeconfig's current context "${config.getCurrentContext()}" names no cluster that it has`);
    }
  }

  static load(options: LoadOptions, clock: Clock): KubernetesCredentials {
    const config = loadConfig(options);
    if (options.context !== undefined) config.setCurrentContext(options.context);
    applyOverrides(config, options);
    if (config.getClusters().length === 0)
      throw new Error('there is none, neither in KUBECONFIG nor in ~/.kube/config');
    return new KubernetesCredentials(config, clock, options.impersonation);
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
    const headers: Record<string, string | string[]> = Object.fromEntries(
      Object.entries(options.headers ?? {}).map(([name, value]) => [name, String(value).trim()]),
    );
    Object.assign(headers, this.#impersonation);
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

function loadConfig({ kubeconfig, kubeconfigs = [] }: LoadOptions): KubeConfig {
  if (kubeconfig !== undefined) return loadKubeconfig(kubeconfig);
  if (kubeconfigs.length > 0) return loadKubeconfigs(kubeconfigs);
  const config = new KubeConfig();
  config.loadFromDefault();
  const { server, skipTLSVerify } = config.getCurrentCluster() ?? {};
  return server === NOWHERE && skipTLSVerify !== true ? loadKubeconfigs([]) : config;
}

/** A group has a header of its own: nothing parts several in one. */
function impersonationHeaders({ user, groups }: Impersonation): ServerAccess['headers'] {
  return { 'Impersonate-User': user, ...(groups.length > 0 && { 'Impersonate-Group': [...groups] }) };
}
