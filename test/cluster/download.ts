// Downloads the published binaries: envtest's archive (etcd, kube-apiserver, kubectl) by its index, the others from
// Kubernetes' release server; each against its published checksum. It knows nothing of clusters.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { type BinaryName, COREDNS_VERSION, HELM, KUBERNETES_VERSION, SCHEDULERS, sourceOf } from './versions.ts';

const ENVTEST_INDEX = 'https://raw.githubusercontent.com/kubernetes-sigs/controller-tools/HEAD/envtest-releases.yaml';
const KUBERNETES_RELEASES = 'https://dl.k8s.io/release';
const HELM_RELEASES = 'https://get.helm.sh';
const COREDNS_RELEASES = 'https://github.com/coredns/coredns/releases/download';
const ENVTEST_BINARIES: readonly BinaryName[] = ['etcd', 'kube-apiserver', 'kubectl'];

/** A server that can't be reached is found out soon; a download may take its time. */
const SHORT_DEADLINE_MS = 15_000;
const LONG_DEADLINE_MS = 900_000;

/** Downloads what can be had of `names`. Never throws; returns, for people, what was tried and how it went. */
export async function downloadBinaries(
  names: readonly BinaryName[],
  pathOf: (name: BinaryName) => string,
  say: (line: string) => void,
): Promise<string> {
  const work = mkdtempSync(join(tmpdir(), 'ppo-download-'));
  const results: string[] = [];
  try {
    const target: Target = { work, pathOf, say };
    for (const group of groupByArchive(names.filter(isPublished))) {
      try {
        await group.download(target);
        results.push(`downloaded ${group.names.join(', ')}`);
      } catch (error) {
        const cause =
          error instanceof Error ? `${error.message} ${(error.cause as Error | undefined)?.message ?? ''}` : error;
        results.push(`download of ${group.names.join(', ')}: ${cause}`);
        say(results.at(-1) ?? '');
      }
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return results.join('; ');
}

interface Target {
  /** A folder for what isn't whole yet. */
  readonly work: string;
  readonly pathOf: (name: BinaryName) => string;
  readonly say: (line: string) => void;
}

interface Group {
  readonly names: readonly BinaryName[];
  readonly download: (target: Target) => Promise<void>;
}

function groupByArchive(names: readonly BinaryName[]): Group[] {
  const fromEnvtest = names.filter((name) => ENVTEST_BINARIES.includes(name));
  const groups: Group[] = names
    .filter((name) => !ENVTEST_BINARIES.includes(name))
    .map((name) => ({ names: [name], download: (target) => downloadOne(name, target) }));
  if (fromEnvtest.length === 0) return groups;
  return [{ names: fromEnvtest, download: (target) => downloadEnvtest(fromEnvtest, target) }, ...groups];
}

function downloadOne(name: BinaryName, target: Target): Promise<void> {
  if (name === 'coredns') return downloadCoredns(target);
  return isHelm(name) ? downloadHelm(name, target) : downloadKubernetes(name, target);
}

function isPublished(name: BinaryName): boolean {
  return !SCHEDULERS.some((scheduler) => scheduler === name);
}

function isHelm(name: BinaryName): name is (typeof HELM)[number] {
  return HELM.some((helm) => helm === name);
}

function goPlatform(): { os: string; arch: string } {
  return { os: process.platform, arch: process.arch === 'x64' ? 'amd64' : process.arch };
}

async function downloadEnvtest(names: readonly BinaryName[], target: Target): Promise<void> {
  const { os, arch } = goPlatform();
  const index = parse((await fetchBytes(ENVTEST_INDEX, SHORT_DEADLINE_MS)).toString()) as {
    releases?: Record<string, Record<string, { hash: string; selfLink: string }>>;
  };
  const archiveName = `envtest-v${KUBERNETES_VERSION}-${os}-${arch}.tar.gz`;
  const entry = index.releases?.[`v${KUBERNETES_VERSION}`]?.[archiveName];
  if (entry === undefined) throw new Error(`envtest's index has no ${archiveName}`);
  target.say(`${names.join(', ')}: downloading ${entry.selfLink}`);
  const archive = await fetchChecked(entry.selfLink, 'sha512', entry.hash);
  const directory = await unpack(archive, target);
  for (const name of names) place(join(directory, 'controller-tools', 'envtest', name), target.pathOf(name));
}

async function downloadKubernetes(name: BinaryName, target: Target): Promise<void> {
  const { os, arch } = goPlatform();
  const url = `${KUBERNETES_RELEASES}/v${KUBERNETES_VERSION}/bin/${os}/${arch}/${name}`;
  const checksum = (await fetchBytes(`${url}.sha256`, SHORT_DEADLINE_MS)).toString().trim();
  target.say(`${name}: downloading ${url}`);
  const unfinished = join(target.work, name);
  writeFileSync(unfinished, await fetchChecked(url, 'sha256', checksum));
  place(unfinished, target.pathOf(name));
}

async function downloadCoredns(target: Target): Promise<void> {
  const { os, arch } = goPlatform();
  const url = `${COREDNS_RELEASES}/v${COREDNS_VERSION}/coredns_${COREDNS_VERSION}_${os}_${arch}.tgz`;
  const line = (await fetchBytes(`${url}.sha256`, SHORT_DEADLINE_MS)).toString();
  target.say(`coredns: downloading ${url}`);
  const directory = await unpack(await fetchChecked(url, 'sha256', line.split(/\s/)[0] ?? ''), target);
  place(join(directory, 'coredns'), target.pathOf('coredns'));
}

async function downloadHelm(name: (typeof HELM)[number], target: Target): Promise<void> {
  const { os, arch } = goPlatform();
  const url = `${HELM_RELEASES}/helm-v${sourceOf(name).version}-${os}-${arch}.tar.gz`;
  const line = (await fetchBytes(`${url}.sha256sum`, SHORT_DEADLINE_MS)).toString();
  target.say(`${name}: downloading ${url}`);
  const directory = await unpack(await fetchChecked(url, 'sha256', line.split(/\s/)[0] ?? ''), target);
  place(join(directory, `${os}-${arch}`, 'helm'), target.pathOf(name));
}

async function unpack(archive: Buffer, { work }: Target): Promise<string> {
  const directory = mkdtempSync(join(work, 'archive-'));
  const path = join(directory, 'archive.tar.gz');
  writeFileSync(path, archive);
  await promisify(execFile)('tar', ['-xzf', path, '-C', directory]);
  return directory;
}

/** The cache and the temporary folder may lie on different file systems. */
function place(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  chmodSync(from, 0o755);
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    const unfinished = `${to}.${process.pid}`;
    copyFileSync(from, unfinished);
    renameSync(unfinished, to);
  }
}

async function fetchChecked(url: string, algorithm: 'sha256' | 'sha512', expected: string): Promise<Buffer> {
  const bytes = await fetchBytes(url, LONG_DEADLINE_MS);
  const found = createHash(algorithm).update(bytes).digest('hex');
  if (found !== expected) throw new Error(`${url} has ${algorithm} ${found}, published is ${expected}`);
  return bytes;
}

async function fetchBytes(url: string, deadlineMs: number): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(deadlineMs) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}
