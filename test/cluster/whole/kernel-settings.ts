// The kernel's settings that kubelet, kube-proxy and the cluster itself change, as they were before. It changes none but back.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = '/proc/sys';
const NAMES = [
  ...['kernel/panic', 'kernel/panic_on_oops', 'vm/overcommit_memory', 'vm/panic_on_oom'],
  ...['kernel/keys/root_maxkeys', 'kernel/keys/root_maxbytes'],
  ...['net/ipv4/ip_forward', 'net/ipv4/conf/all/route_localnet', 'net/bridge/bridge-nf-call-iptables'],
  ...['net/netfilter/nf_conntrack_max', 'net/netfilter/nf_conntrack_tcp_timeout_established'],
  'net/netfilter/nf_conntrack_tcp_timeout_close_wait',
];

/** Those that this machine has; not every kernel has all. */
export function readKernelSettings(root: string = ROOT): Record<string, string> {
  const present = NAMES.filter((name) => existsSync(join(root, name)));
  return Object.fromEntries(present.map((name) => [name, readFileSync(join(root, name), 'utf8').trim()]));
}

/** Keeps what is there now in the file `path`. */
export function saveKernelSettings(path: string, root: string = ROOT): void {
  writeFileSync(path, JSON.stringify(readKernelSettings(root), null, 2));
}

/** Puts back what the file says, as far as this machine lets it. */
export function restoreKernelSettings(path: string, root: string = ROOT): void {
  if (!existsSync(path)) return;
  const before = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;
  const now = readKernelSettings(root);
  for (const [name, value] of Object.entries(before)) {
    if (now[name] === value) continue;
    try {
      writeFileSync(join(root, name), value);
    } catch {
      // some belong to the machine outside of a container
    }
  }
}
