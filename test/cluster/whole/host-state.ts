// What a cluster could leave on its machine, as it stands: processes, mounts, network, firewall, control groups, records, the
// kernel's settings. For comparing before with after; it changes nothing.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readKernelSettings } from './kernel-settings.ts';
import { CONTAINERD_NAMESPACE } from './layout.ts';

const FOLDERS = [
  ...['/run/netns', '/run/containerd/s', `/run/containerd/runc/${CONTAINERD_NAMESPACE}`, '/var/lib/cni/results'],
  ...['/var/log/containers', '/var/log/pods', '/opt/containerd', '/etc/cni/net.d'],
  '/usr/libexec/kubernetes/kubelet-plugins/volume/exec',
];
const CONTROL_GROUPS = '/sys/fs/cgroup';

export type HostState = Readonly<Record<string, readonly string[]>>;

/** What others do on this machine meanwhile is left out as far as it can be told from a cluster's in `directory`. */
export function hostState(directory: string): HostState {
  return {
    folder: existsSync(directory) ? readdirSync(directory) : [],
    processes: processes().filter((line) => line.includes(directory) || /containerd-shim|localhost\/pause/.test(line)),
    mounts: lines(readFileSync('/proc/self/mounts', 'utf8'))
      .map((line) => line.split(' ')[1] ?? '')
      .filter((point) => point.startsWith(directory) || point.startsWith('/run/netns/')),
    addresses: lines(output('ip', '-o', 'address', 'show', 'dev', 'lo')).map((line) => line.split(/\s+/)[3] ?? ''),
    links: lines(output('ip', '-o', 'link')).map((line) => (line.split(': ')[1] ?? '').replace(/@.*/, '')),
    routes: lines(output('ip', 'route')),
    firewall: ['iptables-save', 'ip6tables-save'].flatMap((program) =>
      lines(output(program)).filter((line) => /^(?:-A|:[A-Z]+-)/.test(line)),
    ),
    files: FOLDERS.flatMap((folder) => namesIn(folder).map((name) => join(folder, name))),
    controlGroups: ['.', ...namesIn(CONTROL_GROUPS)].flatMap((root) =>
      namesIn(join(CONTROL_GROUPS, root, CONTAINERD_NAMESPACE)).filter((name) => /^[0-9a-f]{64}$/.test(name)),
    ),
    settings: Object.entries(readKernelSettings())
      // conntrack's is the machine's memory divided, and comes with its module.
      .filter(([name]) => !name.endsWith('nf_conntrack_max'))
      .map(([name, value]) => `${name}=${value}`),
  };
}

function processes(): string[] {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return ids.map((id) => textOf(`/proc/${id}/cmdline`).replaceAll('\0', ' '));
}

function output(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', timeout: 30_000, stdio: ['ignore', 'pipe', 'ignore'] });
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

function namesIn(path: string): string[] {
  return existsSync(path) ? readdirSync(path) : [];
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it has ended
  }
}
