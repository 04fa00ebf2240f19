// What a cluster changes on its machine outside its folder, and how that is undone: addresses, forwarding, mounts, network
// devices, containers' processes. Linux, as root. It starts none of the cluster's programs.

import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { findInPath } from '../../programs.ts';
import { CONTROL_PLANE, NODE } from '../versions.ts';
import { findContainerTraces, removeContainerTraces } from './container-traces.ts';
import { daemonOf, end } from './daemons.ts';
import { restoreKernelSettings, saveKernelSettings } from './kernel-settings.ts';
import { BRIDGE, DNS_ADDRESS, type Layout, NODE_ADDRESS } from './layout.ts';

const run = promisify(execFile);
const COMMAND_TIMEOUT_MS = 30_000;
const SHIM_GRACE_MS = 0;
const STRAY_GRACE_MS = 2000;
const PROGRAMS = ['containerd', ...CONTROL_PLANE, ...NODE];
const CONTAINER_LOGS = '/var/log/containers';
/** Debian's packages, by the program for which each is needed. */
const PACKAGES = {
  containerd: 'containerd',
  ctr: 'containerd',
  runc: 'runc',
  iptables: 'iptables',
  conntrack: 'conntrack',
  ip: 'iproute2',
  tar: 'tar',
};
const FIREWALL_CHAIN = 'KUBE-FIREWALL';
const NETWORK_PLUGIN = '/usr/lib/cni/bridge';

/** Throws with everything that this machine lacks. */
export function checkHost(): void {
  const problems: string[] = [];
  if (process.platform !== 'linux') problems.push(`it is ${process.platform}, not Linux`);
  if (process.getuid?.() !== 0) problems.push('this is not root');
  const missing = Object.entries(PACKAGES).filter(([program]) => findProgram(program) === null);
  const packages = new Set(missing.map(([, name]) => name));
  if (!existsSync(NETWORK_PLUGIN)) packages.add('containernetworking-plugins');
  if (packages.size > 0) problems.push(`programs are missing: apt-get install ${[...packages].join(' ')}`);
  if (problems.length > 0) throw new Error(`no cluster on this machine: ${problems.join('; ')}`);
}

/** Path of a program of this machine; system folders too, which not every PATH has. */
export function findProgram(name: string): string | null {
  return findInPath([name], [process.env.PATH, '/usr/sbin', '/sbin'].join(delimiter));
}

export async function prepareHost({ kernelSettings }: Layout): Promise<void> {
  saveKernelSettings(kernelSettings);
  for (const address of [NODE_ADDRESS, DNS_ADDRESS]) {
    await run('ip', ['address', 'replace', `${address}/32`, 'dev', 'lo'], { timeout: COMMAND_TIMEOUT_MS });
  }
  await run('sysctl', ['-q', '-w', 'net.ipv4.ip_forward=1'], { timeout: COMMAND_TIMEOUT_MS });
}

/** Undoes `prepareHost` and what the cluster's programs and containers have left. Goes on where something is gone. */
export async function cleanHost(layout: Layout): Promise<void> {
  const traces = findContainerTraces(layout);
  await endStrays(layout);
  await endContainers(layout);
  await unmountBelow(layout.directory);
  removeContainerTraces(traces);
  removeContainerLogs(layout);
  for (const address of [NODE_ADDRESS, DNS_ADDRESS]) {
    await tryRun('ip', ['address', 'delete', `${address}/32`, 'dev', 'lo']);
  }
  await deleteBridge();
  await deleteFirewallChain();
  restoreKernelSettings(layout.kernelSettings);
}

/** Programs of the cluster that aren't in its record: whoever started them was killed before writing it. */
async function endStrays({ directory }: Layout): Promise<void> {
  for (const pid of processIds()) {
    if (pid === process.pid || !commandLineOf(pid).some((word) => word.includes(`${directory}/`))) continue;
    const stray = PROGRAMS.includes(basename(linkOf(pid, 'exe'))) ? daemonOf(`${pid}`, pid) : null;
    if (stray !== null) await end(stray, STRAY_GRACE_MS);
  }
}

/** The links to pods' logs that the kubelet keeps at a place of its own choice. */
function removeContainerLogs({ directory }: Layout): void {
  if (!existsSync(CONTAINER_LOGS)) return;
  for (const name of readdirSync(CONTAINER_LOGS)) {
    const path = join(CONTAINER_LOGS, name);
    if (isWithin(linkTarget(path), directory)) rmSync(path, { force: true });
  }
}

/** Shims, and the processes of their containers: the children of shims whose folder is this cluster's. */
async function endContainers({ containerdState }: Layout): Promise<void> {
  const isShim = (pid: number): boolean => isWithin(linkOf(pid, 'cwd'), containerdState);
  const shims = processIds().filter(isShim);
  const contained = processIds().filter((pid) => shims.includes(parentOf(pid)));
  for (const pid of [...contained, ...shims]) {
    const process = daemonOf(`${pid}`, pid);
    if (process !== null) await end(process, SHIM_GRACE_MS);
  }
}

/** The one chain that `kube-proxy --cleanup` leaves, since kubelets once owned it. */
async function deleteFirewallChain(): Promise<void> {
  for (const iptables of ['iptables', 'ip6tables']) {
    for (const chain of ['INPUT', 'OUTPUT']) await tryRun(iptables, ['-D', chain, '-j', FIREWALL_CHAIN]);
    await tryRun(iptables, ['-F', FIREWALL_CHAIN]);
    await tryRun(iptables, ['-X', FIREWALL_CHAIN]);
  }
}

/** The bridge, and the pods' ends of it that are still there. */
async function deleteBridge(): Promise<void> {
  const ports = existsSync(`/sys/class/net/${BRIDGE}/brif`) ? readdirSync(`/sys/class/net/${BRIDGE}/brif`) : [];
  for (const device of [...ports, BRIDGE]) await tryRun('ip', ['link', 'delete', device]);
}

/** Mounts of this machine below `directory`, the innermost first. */
async function unmountBelow(directory: string): Promise<void> {
  const points = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => (line.split(' ')[1] ?? '').replaceAll('\\040', ' '))
    .filter((point) => isWithin(point, directory));
  for (const point of points.toReversed()) await tryRun('umount', ['--lazy', point]);
}

function processIds(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

function commandLineOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return []; // it has ended
  }
}

function linkOf(pid: number, name: string): string {
  return linkTarget(`/proc/${pid}/${name}`);
}

function linkTarget(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // it is gone, or no link
  }
}

function parentOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[1]);
  } catch {
    return 0; // it has ended
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** For what may be gone already. */
async function tryRun(program: string, args: readonly string[]): Promise<void> {
  await run(program, [...args], { timeout: COMMAND_TIMEOUT_MS }).catch(() => {});
}
