// A control plane's API server behind a fault proxy: the proxy, and clients and kubeconfigs that go through it.

import { readFileSync } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';
import { systemClock } from '../../operator/cluster/clock.ts';
import { KubernetesCluster } from '../../operator/cluster/kubernetes-cluster.ts';
import { KubernetesCredentials } from '../../operator/cluster/kubernetes-credentials.ts';
import type { ControlPlane } from './control-plane.ts';
import { FaultProxy } from './fault-proxy.ts';

interface Kubeconfig {
  readonly clusters: readonly { readonly name: string; readonly cluster: Readonly<Record<string, string>> }[];
}

export function startProxy(plane: ControlPlane): Promise<FaultProxy> {
  const [known] = readKubeconfig(plane).clusters;
  return FaultProxy.start(plane.server, known?.cluster['certificate-authority'] ?? '');
}

/** A kubeconfig, as text, of the administrator, whose server is the proxy. client-node wants to be told that HTTP has no TLS. */
export function proxiedKubeconfig(plane: ControlPlane, proxy: FaultProxy): string {
  const config = readKubeconfig(plane);
  const clusters = config.clusters.map(({ name }) => ({
    name,
    cluster: { server: proxy.url, 'insecure-skip-tls-verify': true },
  }));
  return JSON.stringify({ ...config, clusters });
}

/** Whoever asks closes it. */
export function connectThrough(
  proxy: FaultProxy,
  plane: ControlPlane,
  timeouts: { readonly deadlineMs?: number; readonly watchIdleMs?: number } = {},
): KubernetesCluster {
  const config = new KubeConfig();
  config.loadFromString(proxiedKubeconfig(plane, proxy));
  const credentials = new KubernetesCredentials(config, systemClock);
  return new KubernetesCluster({ credentials, userAgent: 'ppo-test', ...timeouts });
}

function readKubeconfig({ kubeconfig }: ControlPlane): Kubeconfig {
  return JSON.parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
}
