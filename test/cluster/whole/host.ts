// What a cluster changes on its machine outside its folder, and how that is undone: addresses, forwarding, mounts, network
// devices, containers' processes. Linux, as root. It starts none of the cluster's programs.

import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { daemonOf, end } from './daemons.ts';
import { BRIDGE, DNS_ADDRESS, type Layout, NODE_ADDRESS } from './layout.ts';

const run = promisify(execFile);
const COMMAND_TIMEOUT_MS = 30_000;
const SHIM_GRACE_MS = 0;
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
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

export async function prepareHost(): Promise<void> {
  for (const address of [NODE_ADDRESS, DNS_ADDRESS]) {
    await run('ip', ['address', 'replace', `${address}/32`, 'dev', 'lo'], { timeout: COMMAND_TIMEOUT_MS });
  }
  await run('sysctl', ['-q', '-w', 'net.ipv4.ip_forward=1'], { timeout: COMMAND_TIMEOUT_MS });
}

/** Undoes `prepareHost` and what containers and kube-proxy have left; forwarding stays on. Goes on where something is gone. */
export async function cleanHost(layout: Layout): Promise<void> {
  await endContainers(layout);
  await unmountBelow(layout.directory);
  for (const address of [NODE_ADDRESS, DNS_ADDRESS]) {
    await tryRun('ip', ['address', 'delete', `${address}/32`, 'dev', 'lo']);
  }
  await deleteBridge();
  await deleteFirewallChain();
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

function linkOf(pid: number, name: string): string {
  try {
    return readlinkSync(`/proc/${pid}/${name}`);
  } catch {
    return ''; // it has ended
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
