// The versions that the test clusters are made of, pinned in one place. Each Go module under test/cluster/go pins the same
// in its go.mod, with checksums in its go.sum; a test compares them.

export const KUBERNETES_VERSION = '1.37.2';
export const ETCD_VERSION = '3.7.3';
export const COREDNS_VERSION = '1.15.0';
export const HELM_VERSION = '4.3.1';
/** The last major version, which many still have. */
export const HELM3_VERSION = '3.22.0';
export const SCHEDULER_PLUGINS_VERSION = '0.34.7';
export const VOLCANO_VERSION = '1.14.1';
export const KUEUE_VERSION = '0.19.2';

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
/** What installs the chart. */
export const HELM = ['helm', 'helm3'] as const;

/** Gang schedulers of other projects, built on demand alone: nobody publishes them as files. */
export const SCHEDULERS = ['scheduler-plugins-scheduler', 'vc-scheduler', 'kueue'] as const;

export type SchedulerName = (typeof SCHEDULERS)[number];
export type ClusterBinaryName = (typeof CONTROL_PLANE)[number] | (typeof NODE)[number];
export type BinaryName = ClusterBinaryName | (typeof HELM)[number] | SchedulerName;

export interface BinarySource {
  /** As the program itself says it, without a "v". */
  readonly version: string;
  /** What makes the program say it. */
  readonly versionArgs: readonly string[];
  /** Folder name in the cache. */
  readonly release: string;
  /** Folder under test/cluster/go. */
  readonly module: string;
  readonly goPackage: string;
  /** Go variables that the linker sets. */
  readonly stamps: Readonly<Record<string, string>>;
}

const OTHERS: Readonly<Partial<Record<BinaryName, BinarySource>>> = {
  etcd: {
    ...{ version: ETCD_VERSION, versionArgs: ['--version'], release: `etcd-${ETCD_VERSION}` },
    ...{ module: 'etcd', goPackage: 'go.etcd.io/etcd/server/v3', stamps: {} },
  },
  coredns: {
    ...{ version: COREDNS_VERSION, versionArgs: ['-version'], release: `coredns-${COREDNS_VERSION}` },
    ...{ module: 'coredns', goPackage: 'github.com/coredns/coredns', stamps: {} },
  },
  helm: helm(HELM_VERSION, 'helm4'),
  // Helm 4 reads from its own build which Kubernetes it was made for; Helm 3 must be told, or takes itself for one of 2020.
  helm3: helm(HELM3_VERSION, 'helm3', ['pkg/lint/rules.k8sVersion', 'pkg/chartutil.k8sVersion']),
  // It says the version of the Kubernetes in it, and won't start with another: one on PATH is left alone.
  'scheduler-plugins-scheduler': {
    ...{ version: SCHEDULER_PLUGINS_VERSION, versionArgs: ['--version'], stamps: {} },
    release: `scheduler-plugins-${SCHEDULER_PLUGINS_VERSION}`,
    ...{ module: 'scheduler-plugins', goPackage: 'sigs.k8s.io/scheduler-plugins/cmd/scheduler' },
  },
  'vc-scheduler': {
    ...{ version: VOLCANO_VERSION, versionArgs: ['--version'], release: `volcano-${VOLCANO_VERSION}` },
    ...{ module: 'volcano', goPackage: 'volcano.sh/volcano/cmd/scheduler' },
    stamps: { 'volcano.sh/volcano/pkg/version.Version': `v${VOLCANO_VERSION}` },
  },
  // It can't say its version: one on PATH is left alone.
  kueue: {
    ...{ version: KUEUE_VERSION, versionArgs: ['--version'], release: `kueue-${KUEUE_VERSION}` },
    ...{ module: 'kueue', goPackage: 'sigs.k8s.io/kueue/cmd/kueue' },
    stamps: { 'sigs.k8s.io/kueue/pkg/version.GitVersion': `v${KUEUE_VERSION}` },
  },
};

export function sourceOf(name: BinaryName): BinarySource {
  return OTHERS[name] ?? kubernetes(name);
}

function kubernetes(name: BinaryName): BinarySource {
  const packages = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];
  return {
    version: KUBERNETES_VERSION,
    versionArgs: name === 'kubectl' ? ['version', '--client'] : ['--version'],
    release: `kubernetes-${KUBERNETES_VERSION}`,
    module: 'kubernetes',
    goPackage: `k8s.io/kubernetes/cmd/${name}`,
    stamps: Object.assign(
      majorAndMinor(packages.map((path) => `${path}.git`)),
      ...packages.map((path) => ({ [`${path}.gitVersion`]: `v${KUBERNETES_VERSION}` })),
    ),
  };
}

function helm(version: string, module: string, kubernetesVersions: readonly string[] = []): BinarySource {
  const path = `helm.sh/helm/v${version.split('.')[0]}`;
  return {
    ...{ version, versionArgs: ['version', '--short'], release: `helm-${version}` },
    ...{ module, goPackage: `${path}/cmd/helm` },
    stamps: {
      [`${path}/internal/version.version`]: `v${version}`,
      ...majorAndMinor(kubernetesVersions.map((name) => `${path}/${name}`)),
    },
  };
}

/** The Go variables `<prefix>Major` and `<prefix>Minor` of each prefix. */
function majorAndMinor(prefixes: readonly string[]): Record<string, string> {
  const [major = '', minor = ''] = KUBERNETES_VERSION.split('.');
  return Object.assign({}, ...prefixes.map((prefix) => ({ [`${prefix}Major`]: major, [`${prefix}Minor`]: minor })));
}
