// Configuration of the programs that make this machine a node: containerd, its bridge network, the kubelet, CoreDNS. It
// starts nothing.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kubeconfigPath } from '../control-plane-files.ts';
import {
  BRIDGE,
  CLUSTER_DOMAIN,
  DNS_ADDRESS,
  type Layout,
  NETWORK_NAME,
  NODE_ADDRESS,
  PAUSE_IMAGE,
  POD_SUBNET,
} from './layout.ts';

/** Where Debian's containernetworking-plugins are. */
const CNI_PLUGINS = '/usr/lib/cni';

export interface NodeFiles {
  readonly containerd: string;
  readonly kubelet: string;
  readonly coredns: string;
}

export function nodeFiles({ files }: Layout): NodeFiles {
  const path = (name: string): string => join(files, name);
  return { containerd: path('containerd.toml'), kubelet: path('kubelet.json'), coredns: path('Corefile') };
}

export function writeNodeFiles(layout: Layout): void {
  const paths = nodeFiles(layout);
  const network = join(layout.files, 'cni');
  mkdirSync(network, { recursive: true });
  writeFileSync(paths.containerd, containerdConfig(layout, network));
  writeFileSync(join(network, '10-bridge.conflist'), JSON.stringify(networkConfig(layout), null, 2));
  writeFileSync(paths.kubelet, JSON.stringify(kubeletConfig(layout), null, 2));
  writeFileSync(paths.coredns, corefile(kubeconfigPath(layout.directory)));
}

function containerdConfig(
  { directory, containerdRoot, containerdState, containerdSocket }: Layout,
  network: string,
): string {
  return `version = 2
root = "${containerdRoot}"
state = "${containerdState}"
[grpc]
  address = "${containerdSocket}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  # Where this process may not lower its score, every sandbox would fail.
  restrict_oom_score_adj = true
  # Below the cluster's folder, like everything that outlives its containers.
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${CNI_PLUGINS}"
    conf_dir = "${network}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
[plugins."io.containerd.internal.v1.opt"]
  path = "${directory}/opt"
`;
}

function networkConfig({ directory }: Layout): object {
  const ranges = [[{ subnet: POD_SUBNET }]];
  const ipam = { type: 'host-local', dataDir: join(directory, 'addresses'), ranges, routes: [{ dst: '0.0.0.0/0' }] };
  const bridge = { type: 'bridge', bridge: BRIDGE, isGateway: true, hairpinMode: true, ipam };
  return {
    cniVersion: '1.0.0',
    name: NETWORK_NAME,
    plugins: [bridge, { type: 'portmap', capabilities: { portMappings: true } }],
  };
}

function kubeletConfig({ directory, containerdSocket }: Layout): object {
  const nothing = { 'nodefs.available': '0%', 'imagefs.available': '0%', 'nodefs.inodesFree': '0%' };
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: NODE_ADDRESS,
    containerRuntimeEndpoint: `unix://${containerdSocket}`,
    // Machines with cgroup v1, and machines that aren't this cluster's alone.
    ...{ cgroupDriver: 'cgroupfs', failCgroupV1: false, failSwapOn: false },
    ...{ cgroupsPerQOS: false, enforceNodeAllocatable: [], evictionHard: { 'memory.available': '1Mi', ...nothing } },
    ...{ clusterDNS: [DNS_ADDRESS], clusterDomain: CLUSTER_DOMAIN, podLogsDir: join(directory, 'pod-logs') },
    volumePluginDir: join(directory, 'volume-plugins'),
    // Secrets that change reach the pods in seconds rather than in a minute or two.
    syncFrequency: '5s',
    // Only this machine and its pods reach the address.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    // Pods reach this machine and nothing beyond it; so no rule of the machine's firewall is needed, or left behind.
    makeIPTablesUtilChains: false,
    // No image of this cluster could be pulled again.
    ...{ imageMaximumGCAge: '0s', imageGCHighThresholdPercent: 100 },
  };
}

function corefile(kubeconfig: string): string {
  return `.:53 {
  bind ${DNS_ADDRESS}
  errors
  kubernetes ${CLUSTER_DOMAIN} in-addr.arpa {
    kubeconfig ${kubeconfig}
    pods insecure
    ttl 1
  }
}
`;
}
