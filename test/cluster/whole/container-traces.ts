// What a cluster's containers leave outside its folder when they are ended rather than deleted: sockets of shims, runc's
// records, control groups, the network plugins' records. Found by the containers' ids, so that those of others stay. It ends no process.

import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CONTAINERD_NAMESPACE, type Layout, NETWORK_NAME } from './layout.ts';

/** Where these lie is written into containerd, runc and the network plugins. */
const RUNC_RECORDS = join('/run/containerd/runc', CONTAINERD_NAMESPACE);
const SHIM_SOCKETS = '/run/containerd/s/';
const NETWORK_RECORDS = '/var/lib/cni/results';
const CONTROL_GROUPS = '/sys/fs/cgroup';

export interface ContainerTraces {
  readonly ids: readonly string[];
  readonly sockets: readonly string[];
}

/** To be asked before anything is ended or unmounted. */
export function findContainerTraces({ containerdState }: Layout): ContainerTraces {
  const bundles = join(containerdState, 'io.containerd.runtime.v2.task', CONTAINERD_NAMESPACE);
  const ids = namesIn(bundles);
  const addresses = ids.map((id) =>
    textOf(join(bundles, id, 'address'))
      .trim()
      .replace(/^unix:\/\//, ''),
  );
  return { ids, sockets: addresses.filter((address) => address.startsWith(SHIM_SOCKETS)) };
}

/** Once the containers' processes have ended. */
export function removeContainerTraces({ ids, sockets }: ContainerTraces): void {
  for (const socket of sockets) rmSync(socket, { force: true });
  for (const id of ids) rmSync(join(RUNC_RECORDS, id), { recursive: true, force: true });
  removeIfEmpty(RUNC_RECORDS);
  // The loopback network is nobody's own.
  const isOwn = (name: string): boolean => name.startsWith(`${NETWORK_NAME}-`) || ids.some((id) => name.includes(id));
  for (const name of namesIn(NETWORK_RECORDS).filter(isOwn)) rmSync(join(NETWORK_RECORDS, name), { force: true });
  // Of version 1 each controller has a tree of its own; of version 2 there is one.
  for (const root of ['.', ...namesIn(CONTROL_GROUPS)]) {
    const group = join(CONTROL_GROUPS, root, CONTAINERD_NAMESPACE);
    for (const id of ids) removeIfEmpty(join(group, id));
    if (existsSync(group)) removeIfEmpty(group);
  }
}

/** Folders that others still use stay. */
function removeIfEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // not there, or not empty
  }
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return []; // not there
  }
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
