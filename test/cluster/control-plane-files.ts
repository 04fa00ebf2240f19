// What the programs of a control plane are given: keys, tokens, a kubeconfig of an administrator, flags. It starts nothing,
// and refuses to know on which kind of address they listen.

import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ControlPlanePlace {
  /** Holds everything: keys, certificates, etcd's data. */
  readonly directory: string;
  /** Address of the API server and of etcd. */
  readonly host: string;
  /** Of the administrator. */
  readonly token: string;
}

export type Flags = Readonly<Record<string, string>>;

const API_PORT = 6443;
/** Gang scheduling. The controllers need it too: one of them lets go of PodGroups that are deleted. */
const FEATURE_GATES = 'GenericWorkload=true';

export function serverUrl(host: string): string {
  return `https://${host}:${API_PORT}`;
}

/** Path of the administrator's kubeconfig. */
export function kubeconfigPath(directory: string): string {
  return join(directory, 'kubeconfig');
}

/** The API server's own certificate, signed by itself, made at its first start: clients trust exactly this one. */
export function certificatePath(directory: string): string {
  return join(directory, 'apiserver.crt');
}

/** Keys, the administrator's token and kubeconfig. Once for each directory: what is there is replaced. */
export function writeControlPlaneFiles({ directory, host, token }: ControlPlanePlace): void {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const secret = { mode: 0o600 };
  const path = (name: string): string => join(directory, name);
  writeFileSync(path('service-account.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }), secret);
  writeFileSync(path('service-account.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(path('tokens.csv'), `${token},admin,admin,system:masters\n`, secret);
  const cluster = { server: serverUrl(host), 'certificate-authority': certificatePath(directory) };
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
  };
  writeFileSync(kubeconfigPath(directory), JSON.stringify(kubeconfig, null, 2), secret);
}

export function etcdFlags({ directory, host }: ControlPlanePlace): string[] {
  return [
    `--data-dir=${join(directory, 'etcd')}`,
    `--listen-client-urls=http://${host}:2379`,
    `--advertise-client-urls=http://${host}:2379`,
    `--listen-peer-urls=http://${host}:2380`,
    // A test's data need not outlive the machine.
    '--unsafe-no-fsync',
  ];
}

/** `changes` are added, or in place of the flags of the same name. */
export function apiServerFlags({ directory, host }: ControlPlanePlace, changes: Flags = {}): string[] {
  const path = (name: string): string => join(directory, name);
  const flags: Flags = {
    'etcd-servers': `http://${host}:2379`,
    'bind-address': host,
    'secure-port': String(API_PORT),
    'cert-dir': directory,
    'token-auth-file': path('tokens.csv'),
    'authorization-mode': 'RBAC',
    'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
    'service-account-key-file': path('service-account.pub'),
    'service-account-signing-key-file': path('service-account.key'),
    'service-cluster-ip-range': '10.96.0.0/16',
    'allow-privileged': 'true',
    'feature-gates': FEATURE_GATES,
    'runtime-config': 'scheduling.k8s.io/v1beta1=true',
    ...changes,
  };
  return Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
}

/** Of the controllers and the scheduler: no election, since there is one of each. */
function clientFlags(directory: string): string[] {
  const flags = ['--leader-elect=false', '--secure-port=0', `--feature-gates=${FEATURE_GATES}`];
  return [`--kubeconfig=${kubeconfigPath(directory)}`, ...flags];
}

export function controllerManagerFlags(directory: string, controllers: readonly string[]): string[] {
  return [
    ...clientFlags(directory),
    `--controllers=${controllers.join(',')}`,
    '--use-service-account-credentials=false',
    `--service-account-private-key-file=${join(directory, 'service-account.key')}`,
    `--root-ca-file=${certificatePath(directory)}`,
  ];
}

export function schedulerFlags(directory: string): string[] {
  return clientFlags(directory);
}
