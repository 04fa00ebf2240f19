// The versions that the test clusters are made of, pinned in one place. Each Go module under test/cluster/go pins the same
// in its go.mod, with checksums in its go.sum; a test compares them.

export const KUBERNETES_VERSION = '1.37.2';
export const ETCD_VERSION = '3.7.3';
export const COREDNS_VERSION = '1.15.0';

/** What a control plane needs. */
export const CONTROL_PLANE = [
  'etcd',
  'kube-apiserver',
  'kubectl',
  'kube-controller-manager',
  'kube-scheduler',
] as const;
/** What a whole cluster needs beside it. */
export const NODE = ['kubelet', 'kube-proxy', 'coredns'] as const;

export type BinaryName = (typeof CONTROL_PLANE)[number] | (typeof NODE)[number];

export interface BinarySource {
  /** Folder name in the cache. */
  readonly release: string;
  /** Folder under test/cluster/go. */
  readonly module: string;
  readonly goPackage: string;
}

export function sourceOf(name: BinaryName): BinarySource {
  if (name === 'etcd') {
    return { release: `etcd-${ETCD_VERSION}`, module: 'etcd', goPackage: 'go.etcd.io/etcd/server/v3' };
  }
  if (name === 'coredns') {
    return { release: `coredns-${COREDNS_VERSION}`, module: 'coredns', goPackage: 'github.com/coredns/coredns' };
  }
  const release = `kubernetes-${KUBERNETES_VERSION}`;
  return { release, module: 'kubernetes', goPackage: `k8s.io/kubernetes/cmd/${name}` };
}
