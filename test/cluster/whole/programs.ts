// The programs of a whole cluster, in the order of their start, with what each is given. It starts nothing.

import { join } from 'node:path';
import type { Binaries } from '../binaries.ts';
import {
  apiServerFlags,
  type ControlPlanePlace,
  controllerManagerFlags,
  etcdFlags,
  kubeconfigPath,
  schedulerFlags,
} from '../control-plane-files.ts';
import type { Program } from '../processes.ts';
import type { ClusterBinaryName } from '../versions.ts';
import { type Layout, NODE_ADDRESS, NODE_NAME } from './layout.ts';
import { nodeFiles } from './node-files.ts';

/** Before anything can be asked of the API server. */
export function serverPrograms(
  binaries: Binaries<ClusterBinaryName>,
  place: ControlPlanePlace,
  containerd: Program,
): Program[] {
  const changes = { 'advertise-address': NODE_ADDRESS, 'kubelet-preferred-address-types': 'InternalIP' };
  return [
    containerd,
    { name: 'etcd', path: binaries.etcd, args: etcdFlags(place) },
    { name: 'kube-apiserver', path: binaries['kube-apiserver'], args: apiServerFlags(place, changes) },
  ];
}

export function containerdProgram(path: string, layout: Layout): Program {
  return { name: 'containerd', path, args: ['--config', nodeFiles(layout).containerd] };
}

/** Once the API server answers. */
export function clientPrograms(binaries: Binaries<ClusterBinaryName>, layout: Layout): Program[] {
  const { directory } = layout;
  const paths = nodeFiles(layout);
  const kubeconfig = kubeconfigPath(directory);
  const node = [`--kubeconfig=${kubeconfig}`, `--hostname-override=${NODE_NAME}`];
  return [
    {
      name: 'kube-controller-manager',
      path: binaries['kube-controller-manager'],
      args: controllerManagerFlags(directory, ['*']),
    },
    { name: 'kube-scheduler', path: binaries['kube-scheduler'], args: schedulerFlags(directory) },
    {
      name: 'kubelet',
      path: binaries.kubelet,
      args: [
        ...node,
        `--config=${paths.kubelet}`,
        `--root-dir=${layout.kubelet}`,
        `--cert-dir=${join(directory, 'kubelet-certificates')}`,
        `--node-ip=${NODE_ADDRESS}`,
      ],
    },
    {
      name: 'kube-proxy',
      path: binaries['kube-proxy'],
      args: [
        ...[...node, '--proxy-mode=iptables', '--conntrack-max-per-core=0', '--conntrack-min=0'],
        // Else a rule against strangers on loopback addresses would outlive it.
        '--iptables-localhost-nodeports=false',
        ...['--metrics-bind-address=127.0.0.1:10249', '--healthz-bind-address=127.0.0.1:10256'],
      ],
    },
    { name: 'coredns', path: binaries.coredns, args: ['-conf', paths.coredns] },
  ];
}
