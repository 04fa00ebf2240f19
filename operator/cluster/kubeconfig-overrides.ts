// What somebody says in place of parts of a kubeconfig, as kubectl's flags of the same names. It refuses to know requests,
// and what a command line looks like.

import type { KubeConfig } from '@kubernetes/client-node';

export interface KubeconfigOverrides {
  /** Names of entries of the kubeconfig, in place of the context's. */
  readonly cluster?: string;
  readonly user?: string;
  /** The URL of the API server, in place of the cluster's. */
  readonly server?: string;
}

/** Of the context that `config` has afterwards; a name that no kubeconfig has is not lost on anybody who looks for it. */
const CONTEXT = '(flags)';

/** Changes `config`. Throws where it lacks what is named. */
export function applyOverrides(config: KubeConfig, { cluster, user, server }: KubeconfigOverrides): void {
  if (cluster === undefined && user === undefined && server === undefined) return;
  const name = config.getCurrentContext();
  const context = config.getContextObject(name);
  if (context === null && name) throw new Error(`the kubeconfig has no context "${name}"`);
  const foundCluster = find(config.getClusters(), 'cluster', cluster) ?? config.getCluster(context?.cluster ?? '');
  const foundUser = find(config.getUsers(), 'user', user) ?? config.getUser(context?.user ?? '') ?? { name: CONTEXT };
  const used = { ...foundCluster, name: foundCluster?.name ?? CONTEXT, server: server ?? foundCluster?.server ?? '' };
  // Plain HTTP (`kubectl proxy`) has no certificate to check, and client-node wants to hear that this is meant.
  const isPlain = server !== undefined && new URL(server).protocol === 'http:';
  const namespace = context?.namespace;
  config.loadFromOptions({
    clusters: used.server === '' ? [] : [{ ...used, ...(isPlain && { skipTLSVerify: true }) }],
    users: [foundUser],
    contexts: [{ name: CONTEXT, cluster: used.name, user: foundUser.name, ...(namespace && { namespace }) }],
    currentContext: CONTEXT,
  });
}

function find<T extends { readonly name: string }>(entries: readonly T[], kind: string, name?: string): T | undefined {
  if (name === undefined) return undefined;
  const found = entries.find((entry) => entry.name === name);
  if (found !== undefined) return found;
  const names = entries.map((entry) => entry.name).join(', ');
  throw new Error(`the kubeconfig has no ${kind} "${name}"; it has: ${names || 'none'}`);
}
