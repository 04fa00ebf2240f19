// What the image of operator and workers holds, as one list for every way to build it: this platform's files of the
// production install, the Node.js that it names, the programs, the C libraries of this machine. It writes nothing.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { MOUNTS, USER_ID } from '../operator/api/names.ts';
import { distributionName, packagesOf, type SystemPackage, systemLibraries } from './system.ts';
import type { Layer } from './tree.ts';

/** As Node.js and npm name it. The system is Linux. */
export type Arch = 'x64' | 'arm64';
export type LayerName = 'system' | 'node' | 'packages' | 'programs';

export const APP = '/app';
export const SBOM_PATH = `${APP}/sbom.cdx.json`;
const MODULES = 'node_modules/';
const NODE_PATH = '/usr/local/bin/node';
const ORT_LIBRARIES = 'node_modules/onnxruntime-node/bin/napi-v6';
const SOURCES = ['operator', 'worker', 'crds', 'package.json', 'LICENSE'];
/** Ships as the workspace, so that the example's manifest finds its files in the pods. */
const WORKSPACE_EXAMPLE = 'examples/arithmetic';
const WORKSPACE_FOLDERS = ['data', 'models'];
/** Types, maps and pages: no program reads them, and Node.js runs no TypeScript of packages. Licenses stay. */
const FOR_PEOPLE = /\.(?:[cm]?ts|map|md|markdown|flow)$/i;
const LICENSE = /^(?:licen[cs]e|copying|notice)/i;
const NATIVE = /\.(?:node|so(?:\.\d+)*)$/;

interface Lockfile {
  readonly packages: Readonly<
    Record<string, { readonly dev?: boolean; readonly version?: string; readonly name?: string }>
  >;
}

/** Whose accounts the bill of materials has to hold. */
export interface InstalledPackages {
  /** As npm writes references: name@version. */
  readonly npm: ReadonlySet<string>;
  readonly system: readonly SystemPackage[];
}

/** `sbom` makes the text of the bill of materials that the image carries. */
export async function imageContents(
  repository: string,
  sbom: (installed: InstalledPackages) => string,
): Promise<Readonly<Record<LayerName, Layer>>> {
  const arch = process.arch as Arch;
  const packages = packageFiles(repository, arch);
  const node = join(repository, nodePackage(arch), 'bin', 'node');
  const native = [...packages.values()].filter((path) => NATIVE.test(path));
  const libraries = await systemLibraries([node, ...native], repository);
  const system = await packagesOf([...libraries.values()]);
  const npm = new Set(productionPackages(repository).map(({ reference }) => reference));
  return {
    system: {
      files: new Map([...libraries, ...system.flatMap(({ copyright }) => copyright)]),
      texts: { ...accounts(), ...records(system) },
      folders: { [MOUNTS.temporary]: 0o1777 },
    },
    node: {
      files: new Map([
        [NODE_PATH, node],
        ['/usr/share/doc/node/LICENSE', join(repository, nodePackage(arch), 'LICENSE')],
      ]),
    },
    packages: { files: packages },
    programs: { files: programFiles(repository), texts: { [SBOM_PATH]: sbom({ npm, system }) } },
  };
}

/** Files of the packages that `npm ci --omit=dev` installs, without those that another platform or only people need. */
export function packageFiles(repository: string, arch: Arch): Map<string, string> {
  const files = new Map<string, string>();
  for (const { folder } of productionPackages(repository)) {
    for (const path of filesBelow(join(repository, folder), ['node_modules'])) {
      const name = relative(repository, path);
      if (isForPlatform(name, arch) && isForPrograms(name)) files.set(join(APP, name), path);
    }
  }
  return files;
}

function programFiles(repository: string): Map<string, string> {
  const files = new Map<string, string>();
  const add = (from: string, to: string): void => {
    for (const path of filesBelow(from, [])) files.set(join(to, relative(from, path)), path);
  };
  for (const name of SOURCES) add(join(repository, name), join(APP, name));
  for (const name of WORKSPACE_FOLDERS) add(join(repository, WORKSPACE_EXAMPLE, name), join(MOUNTS.workspace, name));
  return files;
}

function nodePackage(arch: Arch): string {
  return `node_modules/node-linux-${arch}`;
}

function productionPackages(repository: string): { folder: string; reference: string }[] {
  const { packages } = JSON.parse(readFileSync(join(repository, 'package-lock.json'), 'utf8')) as Lockfile;
  return Object.entries(packages)
    .filter(([folder, { dev = false }]) => folder !== '' && !dev && existsSync(join(repository, folder)))
    .map(([folder, { version, name = folder.slice(folder.lastIndexOf(MODULES) + MODULES.length) }]) => ({
      folder,
      reference: `${name}@${version}`,
    }));
}

/** Packages carry native libraries of every platform, and Node.js' carries headers and npm. */
function isForPlatform(name: string, arch: Arch): boolean {
  if (/^node_modules\/node-(?:linux|bin)-/.test(name)) return false; // its one program stands in PATH already
  if (name.startsWith(`${ORT_LIBRARIES}/`)) return name.startsWith(`${ORT_LIBRARIES}/linux/${arch}/`);
  const prebuilt = /\/prebuilds\/([^/]+)\//.exec(name)?.[1];
  if (prebuilt !== undefined) return prebuilt === `linux-${arch}`;
  return !/\/(?:musl|win32|darwin|freebsd|openbsd)_[^/]*\//.test(name);
}

function isForPrograms(name: string): boolean {
  const file = name.slice(name.lastIndexOf('/') + 1);
  return LICENSE.test(file) || !FOR_PEOPLE.test(file);
}

function filesBelow(path: string, without: readonly string[]): string[] {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    if (without.includes(entry.name)) return [];
    const child = join(path, entry.name);
    if (entry.isDirectory()) return filesBelow(child, without);
    return entry.isFile() ? [child] : [];
  });
}

/** Whoever asks for the name of the user, or its home. */
function accounts(): Readonly<Record<string, string>> {
  return {
    '/etc/passwd': `root:x:0:0:root:/:/none\nppo:x:${USER_ID}:${USER_ID}:ppo:${APP}:/none\n`,
    '/etc/group': `root:x:0:\nppo:x:${USER_ID}:\n`,
  };
}

/** Where scanners of images look for a distribution's packages, in images without its package manager. */
function records(packages: readonly SystemPackage[]): Readonly<Record<string, string>> {
  const entries = packages.map(({ name, record }) => [`/var/lib/dpkg/status.d/${name}`, record] as const);
  return { '/etc/os-release': distributionName().text, ...Object.fromEntries(entries) };
}
