// The file list of an image without a distribution in it: the production install of this repository as npm would make it,
// the Node.js that it names, the C libraries that this machine links it with. It writes nothing.

import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';

/** Path in the image -> file of this machine. */
export type ImageFiles = ReadonlyMap<string, string>;

export const APP = '/app';
const NODE = `node_modules/node-${process.platform}-${process.arch}/bin/node`;
const ORT_LIBRARIES = 'node_modules/onnxruntime-node/bin/napi-v6';
const SOURCES = ['operator', 'worker', 'crds', 'package.json', 'LICENSE'];
/** Ships as the workspace, so that the example's manifest finds its files in the pods. */
const WORKSPACE_EXAMPLE = 'examples/arithmetic';
const WORKSPACE_FOLDERS = ['data', 'models'];

interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean }>>;
}

/** What changes seldom: packages, Node.js, C libraries. */
export async function dependencyFiles(repository: string): Promise<ImageFiles> {
  const files = new Map<string, string>([['/usr/local/bin/node', join(repository, NODE)]]);
  const linked = [join(repository, NODE)];
  for (const folder of productionPackages(repository)) {
    for (const path of filesBelow(join(repository, folder), ['node_modules'])) {
      const name = relative(repository, path);
      if (!isForThisPlatform(name)) continue;
      files.set(join(APP, name), path);
      if (/\.(node|so(\.\d+)*)$/.test(name)) linked.push(path);
    }
  }
  return new Map([...files, ...(await libraryFiles(linked))]);
}

/** The operator, the workers, and the example. */
export function sourceFiles(repository: string, workspace: string): ImageFiles {
  const files = new Map<string, string>();
  const add = (from: string, to: string): void => {
    for (const path of filesBelow(from, [])) files.set(join(to, relative(from, path)), path);
  };
  for (const name of SOURCES) add(join(repository, name), join(APP, name));
  for (const name of WORKSPACE_FOLDERS) add(join(repository, WORKSPACE_EXAMPLE, name), join(workspace, name));
  return files;
}

/** Folders of the packages that `npm ci --omit=dev` installs here. */
function productionPackages(repository: string): string[] {
  const { packages } = JSON.parse(readFileSync(join(repository, 'package-lock.json'), 'utf8')) as Lockfile;
  const folders = Object.entries(packages).filter(([folder, { dev = false }]) => folder !== '' && !dev);
  return folders.map(([folder]) => folder).filter((folder) => existsSync(join(repository, folder)));
}

/** Packages carry native libraries of every platform, and Node.js' carries headers and npm. */
function isForThisPlatform(name: string): boolean {
  if (name.startsWith('node_modules/node-')) return false; // its one program stands in PATH already
  if (name.startsWith(`${ORT_LIBRARIES}/`)) {
    return name.startsWith(`${ORT_LIBRARIES}/${process.platform}/${process.arch}/`);
  }
  return !/\/(musl_|win32_|darwin_)[^/]*\//.test(name);
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

/** Shared libraries that the programs load at their start, at the paths at which they look for them. */
export async function libraryFiles(programs: readonly string[]): Promise<ImageFiles> {
  const files = new Map<string, string>();
  for (const program of programs) {
    const { stdout } = await promisify(execFile)('ldd', [program], { timeout: 30_000 });
    for (const [, path = ''] of stdout.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)) files.set(path, realpathSync(path));
  }
  return files;
}
