/**
 * Name resolution for headless services, done before a container starts instead of by a DNS server: the address of the
 * first pod that the service selects, or of the pod named in front of it. Waits while there is no such pod yet, with a
 * deadline; a service that isn't there is somebody else's (a collector), and its name is left as it is. Knows the cluster interface and the pods' addresses only.
 */
import { type Cluster, PODS, SERVICES } from '../cluster/cluster.ts';
import { NotFoundError } from '../cluster/errors.ts';
import type { PodNetwork } from './network.ts';
import { PodStartError } from './pod-start-error.ts';
import { sleep } from './probes.ts';

const RETRY_MS = 100;

export interface NameResolver {
  readonly cluster: Cluster;
  readonly network: PodNetwork;
  readonly deadlineMs: number;
}

/**
 * The address of each name that is a service's. Throws PodStartError for one that selects no pod until the deadline; returns
 * early when the signal aborts.
 */
export async function resolveServiceNames(
  names: readonly string[],
  resolver: NameResolver,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const endMs = Date.now() + resolver.deadlineMs;
  const addresses = new Map<string, string>();
  for (const name of names) {
    let found = await lookUp(name, resolver);
    while (found?.length === 0 && !signal.aborted) {
      if (Date.now() >= endMs) throw new PodStartError(`no pod stands behind ${name}`);
      await sleep(RETRY_MS, signal);
      found = await lookUp(name, resolver);
    }
    const [address] = found ?? [];
    if (address !== undefined) addresses.set(name, address);
  }
  return addresses;
}

/** Parts of `[pod.]service.namespace.svc[.cluster.local]`. */
export function parseServiceName(name: string): { pod: string | null; service: string; namespace: string } {
  const parts = name.replace(/\.svc(\.cluster\.local)?$/, '').split('.');
  return {
    pod: parts.length > 2 ? (parts[0] ?? null) : null,
    service: parts.at(-2) ?? '',
    namespace: parts.at(-1) ?? '',
  };
}

/** The first address behind a name, or none yet; null where there is no such service. */
async function lookUp(name: string, { cluster, network }: NameResolver): Promise<readonly string[] | null> {
  const { pod, service, namespace } = parseServiceName(name);
  if (pod !== null) return [network.address(`${namespace}/${pod}`)];
  try {
    const found = await cluster.get(SERVICES, { namespace, name: service });
    if (!found.spec.selector) return null;
    const pods = await cluster.list(PODS, { namespace, labels: found.spec.selector });
    const podNames = pods.items.map((item) => item.metadata.name).sort();
    return podNames.slice(0, 1).map((first) => network.address(`${namespace}/${first}`));
  } catch (error) {
    if (error instanceof NotFoundError) return null;
    throw error;
  }
}
