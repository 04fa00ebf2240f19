/** Who may reach a job's pods: they themselves, the operator where it asks, and whom the manifest names. */

import { PORTS, ROLE_NAMES } from '../api/names.ts';
import type { PPOJob } from '../api/ppojob.ts';
import type { NetworkPolicy, NetworkPolicyPeer } from '../cluster/objects.ts';
import { childMeta, jobLabels, networkPolicyName } from './children.ts';
import { isEnabled, type Platform } from './platform.ts';
import { portsOf } from './ports.ts';

type IngressRule = NonNullable<NetworkPolicy['spec']['ingress']>[number];

/** Written by Kubernetes on every namespace, and nobody can change it. */
const NAMESPACE_LABEL = 'kubernetes.io/metadata.name';

export function namespacePeer(namespace: string): NetworkPolicyPeer {
  return { namespaceSelector: { matchLabels: { [NAMESPACE_LABEL]: namespace } } };
}

/** None for no peers: a rule without any would let everybody in. */
function rule(peers: readonly NetworkPolicyPeer[], ports: readonly number[]): IngressRule[] {
  if (peers.length === 0) return [];
  const unique = [...new Set(ports)].sort((a, b) => a - b);
  return [{ from: peers, ports: unique.map((port) => ({ protocol: 'TCP', port })) }];
}

function metricsPorts(job: PPOJob): number[] {
  return ROLE_NAMES.flatMap((role) => {
    const { metrics, communicatorMetrics } = portsOf(job, role);
    return [metrics, communicatorMetrics];
  });
}

/** Null where the job has none. What pods may reach is left open: models and rewards may be anywhere. */
export function buildNetworkPolicy(job: PPOJob, platform: Platform): NetworkPolicy | null {
  const { mode, metricsFrom = platform.metricsFrom, openaiFrom = [] } = job.spec.security.networkPolicy;
  if (!isEnabled(mode, platform)) return null;
  const { name } = job.metadata;
  const operator = platform.operatorNamespace === null ? [] : [namespacePeer(platform.operatorNamespace)];
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: childMeta(job, networkPolicyName(name)),
    spec: {
      podSelector: { matchLabels: jobLabels(name) },
      policyTypes: ['Ingress'],
      ingress: [
        { from: [{ podSelector: { matchLabels: jobLabels(name) } }] },
        ...rule(operator, [PORTS.grpc]),
        ...rule(metricsFrom, metricsPorts(job)),
        ...rule(openaiFrom, [portsOf(job, 'generation').openai]),
      ],
    },
  };
}
