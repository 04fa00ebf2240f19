// Where a whole cluster lies on this machine: its folder, its addresses, its names. Plain values, and nothing else.

import { join } from 'node:path';

/** Holds everything that the cluster is: keys, data, containers, logs, and the record of its processes. */
export const DEFAULT_DIRECTORY = '/var/lib/ppo-cluster';
export const DIRECTORY_VARIABLE = 'PPO_CLUSTER_DIRECTORY';

export const NODE_NAME = 'node1';
/** On the loopback device: not every kernel has dummy devices. The API server, etcd and the kubelet listen there. */
export const NODE_ADDRESS = '10.99.0.1';
export const DNS_ADDRESS = '10.99.0.2';
export const BRIDGE = 'ppo-bridge0';
/** Under which network plugins keep what they did. */
export const NETWORK_NAME = 'ppo-cluster';
export const POD_SUBNET = '10.88.0.0/16';
export const CLUSTER_DOMAIN = 'cluster.local';

/** Images that are made here and pulled from nowhere. */
export const PAUSE_IMAGE = 'localhost/pause:1';
/** containerd's namespace of everything that the kubelet runs. */
export const CONTAINERD_NAMESPACE = 'k8s.io';

export interface Layout {
  readonly directory: string;
  readonly logs: string;
  /** Folder of files that programs are given. */
  readonly files: string;
  readonly containerdSocket: string;
  readonly containerdRoot: string;
  readonly containerdState: string;
  readonly kubelet: string;
  readonly state: string;
  /** Is there once the cluster has been ready. */
  readonly ready: string;
  /** The kernel's settings as they were before. */
  readonly kernelSettings: string;
}

export function layoutOf(directory: string): Layout {
  return {
    directory,
    logs: join(directory, 'logs'),
    files: join(directory, 'files'),
    containerdSocket: join(directory, 'containerd.sock'),
    containerdRoot: join(directory, 'containerd'),
    containerdState: join(directory, 'run'),
    kubelet: join(directory, 'kubelet'),
    state: join(directory, 'state.json'),
    ready: join(directory, 'ready'),
    kernelSettings: join(directory, 'kernel-settings.json'),
  };
}
