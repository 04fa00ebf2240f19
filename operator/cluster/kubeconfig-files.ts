// The files of KUBECONFIG as one kubeconfig, by kubectl's rules, which client-node's are not (there the last file decides
// which cluster is meant). It refuses to know the environment, and what a kubeconfig is for.

import { existsSync } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';

/** Files that aren't there are left out; of a name, and of the current context, the first file's counts. */
export function loadKubeconfigs(paths: readonly string[]): KubeConfig {
  const merged = new KubeConfig();
  for (const path of paths) {
    if (!existsSync(path)) continue;
    const config = loadKubeconfig(path);
    merged.loadFromOptions({
      clusters: unite(merged.getClusters(), config.getClusters()),
      users: unite(merged.getUsers(), config.getUsers()),
      contexts: unite(merged.getContexts(), config.getContexts()),
      currentContext: merged.getCurrentContext() || config.getCurrentContext(),
    });
  }
  return merged;
}

/** Throws, with the path, where it can't be read. */
export function loadKubeconfig(path: string): KubeConfig {
  const config = new KubeConfig();
  try {
    config.loadFromFile(path);
  } catch (error) {
    throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  return config;
}

function unite<T extends { readonly name: string }>(first: readonly T[], second: readonly T[]): T[] {
  const names = new Set(first.map(({ name }) => name));
  return [...first, ...second.filter(({ name }) => !names.has(name))];
}
