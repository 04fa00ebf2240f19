// Where the API server is and how to prove who we are, however that is found out: a pod's service account by its files
// alone, a kubeconfig by client-node, whose models are loaded only then (40 MB that no pod of a cluster needs). It refuses
// to know requests.

import { delimiter } from 'node:path';
import type { DispatcherOptions } from '@kubernetes/client-node';
import type { Clock } from './clock.ts';
import type { KubeconfigOverrides } from './kubeconfig-overrides.ts';
import { type PodEnvironment, ServiceAccountCredentials } from './service-account.ts';

/** Everything a request needs to reach the server. */
export interface ServerAccess {
  /** Without a trailing slash. */
  readonly server: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** How to connect; equal `connectionKey`s mean equal options. */
  readonly dispatcher: DispatcherOptions;
  readonly connectionKey: string;
}

export interface Credentials {
  /** The namespace that the context names, or that the pod runs in. */
  readonly namespace: string;
  access(): Promise<ServerAccess>;
  /** The server refused what is known: read again before the next request. */
  forget(): void;
}

/** On whose behalf requests are made, by who may do so. */
export interface Impersonation {
  readonly user: string;
  readonly groups: readonly string[];
}

export interface LoadOptions extends KubeconfigOverrides {
  /** A kubeconfig file. Default: as kubectl does, then the pod's service account. */
  readonly kubeconfig?: string;
  /** The files that KUBECONFIG names, where no other one is asked for. */
  readonly kubeconfigs?: readonly string[];
  readonly context?: string;
  readonly impersonation?: Impersonation;
  /** In a pod: without a kubeconfig its service account counts. */
  readonly pod?: PodEnvironment;
}

/** The paths in the variable KUBECONFIG. */
export function kubeconfigPaths(variable: string | undefined): string[] {
  return (variable ?? '').split(delimiter).filter((path) => path !== '');
}

/** Throws when nothing is found, or when it names no cluster. */
export async function loadCredentials(options: LoadOptions, clock: Clock): Promise<Credentials> {
  const { pod, ...asked } = options;
  const isPod = pod !== undefined && asked.kubeconfig === undefined && asked.context === undefined;
  const account = isPod ? ServiceAccountCredentials.find(pod, clock) : null;
  if (account !== null) return account;
  const { KubernetesCredentials } = await import('./kubernetes-credentials.ts');
  return KubernetesCredentials.load(asked, clock);
}
